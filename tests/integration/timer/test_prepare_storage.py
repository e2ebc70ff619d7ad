"""A fresh storage account: what other programs write into is there as soon as the app runs, whatever started it."""

import json
import re
from pathlib import Path

import pytest

from adapters.azure_storage.storage import Storage
from domain.errors import StorageUnavailable
from local_host.testing import app_index
from local_host.testing.process import eventually, host_process
from sandbox.testing import Sandbox
from services.container import services
from settings import StorageLocation
from tests.support.order_requests import order_request
from tests.support.shop import ROOT, Shop, use_settings


@pytest.fixture
def shop_settings(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> None:
    use_settings(monkeypatch, storage_connection, sandbox)


def names_in_bindings() -> tuple[set[str], set[str]]:
    """Return the queues, and the containers of blobs, that a trigger or an output of the app names."""
    queues, containers = set(), set()
    for function in app_index(ROOT).functions.values():
        for binding in (function.trigger, *function.outputs):
            if binding.type in ("queueTrigger", "queue"):
                queues.add(binding.fields["queueName"])
            elif binding.type in ("blobTrigger", "blob"):
                containers.add(binding.fields["path"].partition("/")[0])
    return queues, containers


async def test_every_queue_and_container_that_the_app_names_comes_into_being(shop: Shop):
    queues, containers = names_in_bindings()
    assert len(queues) >= 3 <= len(queues) + len(containers)
    for _ in range(2):  # a repeat finds them
        await shop.host.run("prepare_storage")
        storage = services().storage
        missing = {name for name in queues | {"dead-letters", "file-manifests"} if not exists(storage, name)}
        assert missing == set()
        assert all(storage.container(name).exists() for name in containers)


def exists(storage: Storage, queue: str) -> bool:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        storage.queue(queue).get_queue_properties()
    except ResourceNotFoundError:
        return False
    return True


@pytest.mark.usefixtures("shop_settings")
def test_the_first_message_of_another_program_becomes_an_order(tmp_path: Path):
    with host_process(tmp_path / "state.db", app=ROOT) as host:
        product = {"name": "Mug", "unit_price_cents": 1_000}
        host.request("PUT", "/api/products/mug", product)
        queue = services().storage.queue("orders-in")
        eventually(lambda: exists(services().storage, "orders-in"))
        queue.send_message(json.dumps(order_request(order_id="q-1")))
        eventually(lambda: services().order_repository.get("q-1"))


async def test_a_storage_account_that_is_away_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, storage_location: StorageLocation, sandbox: Sandbox
):
    gone = re.sub(
        r"QueueEndpoint=[^;]+", "QueueEndpoint=http://127.0.0.1:1/gone", str(storage_location.connection_string)
    )
    use_settings(monkeypatch, gone, sandbox)
    with pytest.raises(StorageUnavailable, match="the queues and containers did not answer"):
        await app_index(ROOT).functions["prepare_storage"].call(timer=None)
