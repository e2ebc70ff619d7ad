"""Manifests: each starts its batch once, and a broken one starts nothing."""

import json
import logging

from local_host.engine.views import InstanceFilter
from services.container import services
from tests.support.card_traces import traces_in
from tests.support.files import put_files
from tests.support.shop import Shop


async def drop(shop: Shop, name: str, manifest: object) -> None:
    content = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    put_files("incoming", {name: content})
    await shop.host.run("start_manifest", f"incoming/{name}")


async def batches(shop: Shop) -> list[str]:
    page = await shop.host.operations.list_instances(InstanceFilter(id_prefix="file_batch."))
    return [instance.instance_id for instance in page.items]


async def test_a_manifest_starts_its_batch_once(shop: Shop):
    put_files("incoming", {"t/a.csv": b"a\n1\n"})
    for _ in range(2):
        await drop(shop, "monday.batch.json", {"container": "incoming", "prefix": "t/"})
    (instance_id,) = await batches(shop)
    run = await shop.get(f"file-batches/{instance_id.partition('.')[2]}")
    assert (run.json()["status"], run.json()["detail"]["files"]) == ("completed", 1)


async def test_a_changed_manifest_is_another_batch(shop: Shop):
    put_files("incoming", {"t/a.csv": b"a\n1\n"})
    await drop(shop, "monday.batch.json", {"container": "incoming", "prefix": "t/"})
    await drop(shop, "monday.batch.json", {"container": "incoming", "blobs": ["t/a.csv"]})
    assert len(await batches(shop)) == 2


async def test_a_manifest_that_breaks_a_rule_starts_nothing_and_says_which(shop: Shop, caplog):
    with caplog.at_level(logging.ERROR):
        await drop(shop, "bad.batch.json", {"container": "dead-letters", "prefix": ""})
        await drop(shop, "worse.batch.json", b"{")
    assert "container: Must be one of those in FILE_BATCH_CONTAINERS" in caplog.text
    assert "The body is not valid JSON." in caplog.text
    assert await batches(shop) == []
    assert services().run_repository.intake.open_runs(shop.host.clock.now()) == []


async def test_a_manifest_with_a_card_number_starts_nothing_and_is_not_repeated(shop: Shop, caplog):
    with caplog.at_level(logging.ERROR):
        await drop(shop, "monday.batch.json", {"container": "incoming", "prefix": "4242 4242 4242 4242/"})
    assert "prefix: Looks like a card number" in caplog.text
    assert not traces_in(caplog.text)
    assert await batches(shop) == []


async def test_a_manifest_whose_name_holds_a_card_number_is_dropped_and_its_name_is_repeated_nowhere(
    shop: Shop, caplog
):
    with caplog.at_level(logging.ERROR):
        await drop(shop, "4242424242424242.batch.json", {"container": "incoming", "prefix": ""})
    assert "a manifest was dropped" in caplog.text
    assert not traces_in(caplog.text)
    assert await batches(shop) == []
