"""Checks 70 and 71: queue, blob and timer functions; storage is the real emulator."""

import asyncio
import base64
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local_host.testing import AppHost, running_app
from local_host.testing.process import eventually
from local_host_tests.conformance.support import APPS

APP = APPS / "storage"


@pytest.fixture
async def storage_app(storage_connection: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AppHost]:
    monkeypatch.setenv("WEBSITE_TIME_ZONE", "UTC")
    settings = {"AzureWebJobsStorage": storage_connection, "WORK_QUEUE": "work"}
    async with running_app(APP, settings=settings, with_triggers=True) as app_host:
        _app().TIMER_RUNS.clear()
        _app().DELIVERIES.clear()
        yield app_host


@pytest.mark.check(70)
async def test_a_message_that_always_fails_becomes_poison_after_five_deliveries(
    storage_app: AppHost, storage_connection: str
) -> None:
    queues = QueueServiceClient.from_connection_string(storage_connection)
    await _send(queues, "spoilt")
    poisoned = await _until(lambda: _messages(queues, "work-poison"))
    assert poisoned == ["spoilt"]
    assert [message.dequeue_count for message in _app().DELIVERIES] == [1, 2, 3, 4, 5]
    assert len({message.id for message in _app().DELIVERIES}) == 1
    assert await asyncio.to_thread(_messages, queues, "work") == []


@pytest.mark.check(70)
async def test_a_message_over_which_five_hosts_have_died_reaches_no_function_and_becomes_poison(
    storage_connection: str,
) -> None:
    queues = QueueServiceClient.from_connection_string(storage_connection)
    work = queues.get_queue_client("work")
    await _send(queues, "fatal")
    for _ in range(5):
        leased = work.receive_message()
        assert leased is not None
        work.update_message(leased, visibility_timeout=0)
    settings = {"AzureWebJobsStorage": storage_connection, "WORK_QUEUE": "work"}
    async with running_app(APP, settings=settings, with_triggers=True):
        assert await _until(lambda: _messages(queues, "work-poison")) == ["fatal"]
        await _until(lambda: work.get_queue_properties().approximate_message_count == 0)
        assert leased.id not in {message.id for message in _app().DELIVERIES}


@pytest.mark.check(70)
async def test_a_message_that_is_no_text_reaches_no_function_and_becomes_poison(
    storage_app: AppHost, storage_connection: str
) -> None:
    queues = QueueServiceClient.from_connection_string(storage_connection)
    spoilt = b"\xff\xfe\x00"
    await _send_bytes(queues, spoilt)
    assert await _until(lambda: _contents(queues, "work-poison")) == [spoilt]
    assert _app().DELIVERIES == []


@pytest.mark.check(70)
async def test_a_message_is_worked_on_once_and_its_output_is_sent(
    storage_app: AppHost, storage_connection: str
) -> None:
    queues = QueueServiceClient.from_connection_string(storage_connection)
    await _send(queues, "hello")
    results = await _until(lambda: _messages(queues, "results"))
    assert [json.loads(result) for result in results] == [{"worked": "hello", "attempt": 1}]
    assert await asyncio.to_thread(_messages, queues, "work") == []


async def test_a_blob_becomes_messages_and_another_blob(storage_app: AppHost, storage_connection: str) -> None:
    blobs = BlobServiceClient.from_connection_string(storage_connection)
    incoming = await asyncio.to_thread(blobs.create_container, "incoming")
    await asyncio.to_thread(incoming.upload_blob, "order.txt", b"one\ntwo")
    await asyncio.to_thread(incoming.upload_blob, "ignored.csv", b"three")
    queues = QueueServiceClient.from_connection_string(storage_connection)
    results: list[str] = []
    while len(results) < 2:
        results += await _until(lambda: _messages(queues, "results"))
    assert sorted(json.loads(result)["worked"] for result in results) == [
        "incoming/order.txt:one",
        "incoming/order.txt:two",
    ]
    copy = await asyncio.to_thread(lambda: blobs.get_blob_client("done", "order.upper").download_blob().readall())
    assert copy == b"ONE\nTWO"


async def test_a_queue_or_container_that_a_trigger_names_is_not_created_but_found_when_it_appears(
    storage_app: AppHost, storage_connection: str
) -> None:
    # The listeners of Microsoft.Azure.WebJobs.Extensions.Storage ask whether it exists, and back off (QueueListener.ExecuteAsync,
    # ScanBlobScanLogHybridPollingStrategy.PollNewBlobsAsync).
    blobs = BlobServiceClient.from_connection_string(storage_connection)
    queues = QueueServiceClient.from_connection_string(storage_connection)
    await _until(lambda: blobs.get_container_client("azure-webjobs-hosts").exists())
    assert await asyncio.to_thread(lambda: [queue.name for queue in queues.list_queues()]) == []
    assert await asyncio.to_thread(lambda: [each.name for each in blobs.list_containers()]) == ["azure-webjobs-hosts"]
    await _send(queues, "late")
    results = await _until(lambda: _messages(queues, "results"))
    assert [json.loads(result)["worked"] for result in results] == ["late"]


async def test_a_blob_is_read_and_written_where_the_route_says(storage_app: AppHost) -> None:
    assert (await storage_app.http.get("/api/documents/a")).status == 404
    assert (await storage_app.http.put("/api/documents/a", data="hello")).status == 404
    read = await storage_app.http.put("/api/documents/a", data="goodbye")
    assert (read.status, read.text) == (200, "hello")
    assert (await storage_app.http.get("/api/documents/a")).text == "goodbye"


async def test_an_activity_reads_the_blob_that_its_input_names(storage_app: AppHost) -> None:
    await storage_app.http.put("/api/documents/b", data="hello")
    measured = await storage_app.start("measure", {"name": "b"})
    assert (await storage_app.wait(measured)).output == len("hello")


async def test_a_path_that_nothing_fills_fails_the_call_with_its_name(storage_app: AppHost) -> None:
    failed = await storage_app.wait(await storage_app.start("measure", {"nome": "b"}))
    assert "nothing gives a value for '{request.name}' in the path 'documents/{request.name}.txt'" in failed.output


async def test_a_blob_that_the_account_refuses_to_read_fails_the_call(storage_connection: str) -> None:
    stranger = re.sub("AccountKey=[^;]+", "AccountKey=c3RyYW5nZXI=", storage_connection)
    settings = {"AzureWebJobsStorage": stranger, "WORK_QUEUE": "work"}
    async with running_app(APP, settings=settings) as app_host:
        failed = await app_host.wait(await app_host.start("measure", {"name": "b"}))
    assert "HttpResponseError" in failed.output


@pytest.mark.check(71)
async def test_a_timer_runs_at_the_start_and_then_every_two_seconds(storage_app: AppHost) -> None:
    await storage_app.run_until_idle()
    runs = _app().TIMER_RUNS
    assert len(runs) == 1
    await storage_app.advance(seconds=7)
    assert len(runs) == 4
    assert all(run.past_due is False for run in runs)


@pytest.mark.check(71)
async def test_a_failing_timer_function_is_tried_again_as_its_decorator_says(storage_app: AppHost) -> None:
    runs = _app().TIMER_RUNS
    await storage_app.advance(hours=3)
    before = len(runs)
    await storage_app.advance(seconds=20)
    # Beside the ten runs of the other timer, the two tries that the night's first failure has left.
    assert len(runs) - before == 12


async def test_a_queue_function_can_be_run_by_hand(storage_app: AppHost, storage_connection: str) -> None:
    await storage_app.run("work", "by hand")
    queues = QueueServiceClient.from_connection_string(storage_connection)
    (result,) = await asyncio.to_thread(_messages, queues, "results")
    assert json.loads(result)["worked"] == "by hand"


def _app() -> Any:
    """Return the app's module, in which its functions note how they were called."""
    module = sys.modules["function_app"]
    assert Path(module.__file__ or "").parent == APP
    return module


async def _send(queues: QueueServiceClient, text: str) -> None:
    await _send_bytes(queues, text.encode())


async def _send_bytes(queues: QueueServiceClient, content: bytes) -> None:
    queue = await asyncio.to_thread(queues.create_queue, "work")
    await asyncio.to_thread(queue.send_message, base64.b64encode(content).decode())


async def _until(look: Callable[[], Any]) -> Any:
    """Return what `look`, which talks to the storage account, returns once that is something."""
    return await asyncio.to_thread(eventually, look)


def _messages(queues: QueueServiceClient, name: str) -> list[str]:
    """Take all messages off a queue, which are text; none when there is no such queue."""
    return [content.decode() for content in _contents(queues, name)]


def _contents(queues: QueueServiceClient, name: str) -> list[bytes]:
    """Take all messages off a queue; none when there is no such queue."""
    queue = queues.get_queue_client(name)
    if not _exists(queue):
        return []
    found = list(queue.receive_messages(messages_per_page=32))
    for message in found:
        queue.delete_message(message)
    return [base64.b64decode(message.content) for message in found]


def _exists(queue: Any) -> bool:
    try:
        queue.get_queue_properties()
    except ResourceNotFoundError:
        return False
    return True
