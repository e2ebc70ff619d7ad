"""Batches of files: every file is looked at, a broken one ends nothing, and neither does a store that is away."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import requests

from local_host.testing import Activity
from tests.invariants.process_crashes import crashes_during
from tests.support.files import blob_names, put_files, read_json, without_blobs
from tests.support.shop import Shop, give_up_storage_at_once, running_shop, use_settings

TABLES = {f"t/{number:03}.csv": f"a,b\n{number},1\n".encode() for number in range(230)}


async def start(shop: Shop, **changes: Any) -> None:
    body = {"id": "fb-1", "container": "incoming", "prefix": "t/", **changes}
    answer = await shop.post("file-batches", {name: value for name, value in body.items() if value is not None})
    assert answer.status == 202, answer.text


async def ended(shop: Shop, key: str = "fb-1") -> dict[str, Any]:
    await shop.host.run_until_idle()
    for _ in range(12):
        answer = await shop.get(f"file-batches/{key}")
        if answer.status == 200:
            return dict(answer.json())
        await shop.host.advance(minutes=5)
    raise AssertionError("still running after an hour")


async def test_every_file_under_a_prefix_is_in_the_summary(shop: Shop):
    put_files("incoming", {"t/a.csv": b"a,b\n1,2\n", "t/b.json": b'[{"k": 1}]', "u/c.csv": b""})
    await start(shop)
    run = await ended(shop)
    assert (run["status"], run["reason_code"]) == ("completed", None)
    summary = read_json(run["detail"]["summary"])
    assert {file["name"]: (file["type"], file["rows"], file["columns"]) for file in summary["files"]} == {
        "t/a.csv": ("csv", 1, 2),
        "t/b.json": ("json", 1, 1),
    }
    assert summary["totals"] == {
        "files": 2,
        "failed": 0,
        "size_bytes": 18,
        "by_type": {"csv": {"files": 1, "size_bytes": 8}, "json": {"files": 1, "size_bytes": 10}},
        "failures": [],
    }
    assert [entry["step"] for entry in run["steps"]] == ["list_files", "extract_metadata", "persist_metadata_summary"]


async def test_the_link_to_the_summary_opens_it_and_stands_in_no_history(shop: Shop):
    put_files("incoming", {"t/a.csv": b"a\n1\n"})
    await start(shop)
    run = await ended(shop)
    answer = await asyncio.to_thread(requests.get, run["detail"]["url"], timeout=60)
    assert answer.json()["totals"]["files"] == 1
    assert run["message"] == "1 file."
    durable = (await shop.get(f"file-batches/{run['id']}", view="durable")).json()
    assert "url" not in durable["output"]["detail"]


async def test_named_files_are_read_once_and_a_missing_or_broken_one_does_not_end_the_batch(shop: Shop):
    put_files("incoming", {"a.csv": b"a\n1\n", "b.json": b"{"})
    await start(shop, prefix=None, blobs=["a.csv", "gone.csv", "b.json", "a.csv"])
    run = await ended(shop)
    assert (run["status"], run["succeeded"], run["reason_code"]) == ("completed", True, "some_files_failed")
    assert read_json(run["detail"]["summary"])["totals"]["failures"] == [
        {"name": "gone.csv", "problem": "not_found"},
        {"name": "b.json", "problem": "malformed"},
    ]
    assert (run["detail"]["files"], run["detail"]["failed"]) == (3, 2)


async def test_nothing_to_look_at_is_an_empty_summary(shop: Shop):
    put_files("incoming", {})
    await start(shop)
    run = await ended(shop)
    assert run["status"] == "completed"
    assert read_json(run["detail"]["summary"])["totals"]["files"] == 0


async def test_a_container_that_does_not_exist_is_refused(shop: Shop):
    await start(shop)
    run = await ended(shop)
    assert (run["status"], run["reason_code"]) == ("rejected", "container_not_found")


async def test_many_files_are_split_so_that_no_history_grows_with_their_number(shop: Shop):
    put_files("incoming", TABLES)
    await start(shop)
    run = await ended(shop)
    assert (run["detail"]["files"], run["detail"]["done"]) == (230, 230)
    assert [file["name"] for file in read_json(run["detail"]["summary"])["files"]] == sorted(TABLES)
    status = await shop.host.operations.status("file_batch.fb-1", with_history=True)
    assert status.history is not None
    assert len(status.history) < 40


async def test_no_more_files_are_read_at_a_time_than_the_setting_says(monkeypatch, storage_connection, sandbox):
    use_settings(monkeypatch, storage_connection, sandbox, FILE_BATCH_WIDTH="3")
    put_files("incoming", dict(list(TABLES.items())[:10]))
    reading = most = 0

    async def watched(file: Any, extract: Activity) -> Any:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        try:
            return await extract(file)
        finally:
            reading -= 1

    async with running_shop(sandbox) as shop:
        shop.host.wrap_activity("extract_metadata", watched)
        await start(shop)
        await ended(shop)
    assert 1 < most <= 3


def happens_before_reading(shop: Shop, name: str, then: Callable[[], Awaitable[None]]) -> None:
    """Let something happen just before a given file is read."""

    async def extract_after(file: Any, extract: Activity) -> Any:
        if name in json.dumps(file):
            await then()
        return await extract(file)

    shop.host.wrap_activity("extract_metadata", extract_after)


async def test_a_store_that_comes_back_loses_no_file(monkeypatch, storage_connection, sandbox):
    use_settings(monkeypatch, storage_connection, sandbox)
    put_files("incoming", {"t/a.csv": b"a\n1\n"})
    use_settings(monkeypatch, storage_connection, sandbox, SHOP_STORAGE=without_blobs(storage_connection))
    async with running_shop(sandbox) as shop:
        await start(shop)
        await shop.host.run_until_idle()
        assert (await shop.get("file-batches/fb-1")).status == 202
        use_settings(monkeypatch, storage_connection, sandbox)
        run = await ended(shop)
        assert (run["status"], run["detail"]["failed"]) == ("completed", 0)
        assert run["steps"][0]["attempts"] > 1


async def test_files_whose_store_went_away_half_way_are_read_when_it_is_back(monkeypatch, storage_connection, sandbox):
    use_settings(monkeypatch, storage_connection, sandbox, FILE_BATCH_WIDTH="2")
    put_files("incoming", dict(list(TABLES.items())[:8]))
    went = False

    async def go_away() -> None:
        nonlocal went
        if not went:
            use_settings(monkeypatch, storage_connection, sandbox, SHOP_STORAGE=without_blobs(storage_connection))
        went = True

    async with running_shop(sandbox) as shop:
        happens_before_reading(shop, "t/004.csv", go_away)
        await start(shop)
        await shop.host.run_until_idle()
        assert (await shop.get("file-batches/fb-1")).status == 202
        use_settings(monkeypatch, storage_connection, sandbox)
        run = await ended(shop)
        assert (run["status"], run["detail"]["failed"]) == ("completed", 0)
        assert read_json(run["detail"]["summary"])["totals"]["files"] == 8


async def test_a_store_that_stays_away_ends_the_batch_as_failed(monkeypatch, storage_connection, sandbox):
    use_settings(monkeypatch, storage_connection, sandbox, SHOP_STORAGE=without_blobs(storage_connection))
    give_up_storage_at_once(monkeypatch)
    async with running_shop(sandbox) as shop:
        await start(shop)
        run = await ended(shop)
        assert (run["status"], run["succeeded"], run["reason_code"]) == ("failed", False, "no_answer")


@pytest.mark.parametrize("last", ["t/150.csv", "t/030.csv"])
async def test_a_cancelled_batch_stops_and_writes_no_summary(monkeypatch, storage_connection, sandbox, last):
    """In a history of its own chunk, or in the one and only."""
    use_settings(monkeypatch, storage_connection, sandbox)
    put_files("incoming", TABLES if last == "t/150.csv" else dict(list(TABLES.items())[:60]))
    async with running_shop(sandbox) as shop:

        async def cancel() -> None:
            assert (await shop.post("file-batches/fb-1/cancellation")).status == 202

        happens_before_reading(shop, last, cancel)
        await start(shop)
        run = await ended(shop)
        assert (run["status"], run["succeeded"]) == ("cancelled", False)
        assert run["detail"]["done"] < run["detail"]["files"]
        assert "fb-1/summary.json" not in blob_names("file-batches")
        assert (await shop.post("file-batches/fb-1/cancellation")).status == 409


@pytest.mark.parametrize("commit", [4, 9, 15])
async def test_a_batch_whose_process_died_half_way_reports_every_file_once(
    monkeypatch, storage_connection, sandbox, tmp_path, commit
):
    use_settings(monkeypatch, storage_connection, sandbox)
    put_files("incoming", TABLES)
    async with running_shop(sandbox, state=tmp_path / "state.db", redelivers_late=True) as shop:

        async def begin() -> None:
            await start(shop)
            await shop.host.run_until_idle()

        assert await crashes_during(shop, commit, begin(), after=False)
        # Started again as the same batch, should it have died before it was.
        await start(shop)
        await shop.host.run("recover_runs")
        run = await ended(shop)
        assert run["detail"]["failed"] == 0
        assert [file["name"] for file in read_json(run["detail"]["summary"])["files"]] == sorted(TABLES)
