"""Messages of a queue in the storage emulator, leased with every kind of credential that a connection string has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.queue import (
    AccountSasPermissions,
    QueueClient,
    QueueServiceClient,
    ResourceTypes,
    generate_account_sas,
)

from local_host.bindings.leased_messages import LeasedMessage, LeasedMessages
from local_host.bindings.storage import StorageAccounts

HOUR_S = 3600


def with_key(connection: str) -> str:
    return connection


def with_signature(connection: str) -> str:
    service = QueueServiceClient.from_connection_string(connection)
    assert service.account_name is not None
    signature = generate_account_sas(
        service.account_name,
        service.credential.account_key,
        ResourceTypes(container=True, object=True),
        AccountSasPermissions(read=True, delete=True, update=True, process=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
    return f"QueueEndpoint={service.url};SharedAccessSignature={signature}"


@pytest.fixture
async def queue(storage_connection: str) -> QueueClient:
    queue = QueueClient.from_connection_string(storage_connection, "work")
    await asyncio.to_thread(queue.create_queue)
    return queue


@pytest.fixture(params=[with_key, with_signature])
async def messages(request: pytest.FixtureRequest, storage_connection: str) -> AsyncIterator[LeasedMessages]:
    accounts = StorageAccounts({"AzureWebJobsStorage": request.param(storage_connection)})
    yield await accounts.messages("", "work")
    await accounts.close()


async def test_a_batch_is_leased_as_the_sdk_reads_it_and_deleted(messages: LeasedMessages, queue: QueueClient) -> None:
    texts = ["eyJhIjogMX0=", "<a href=\"x\">'&amp;'</a>", " \u00e9\U0001f4e6 "]
    sent = [await asyncio.to_thread(queue.send_message, text) for text in texts]
    first = await messages.lease(2, HOUR_S)
    second = await messages.lease(2, HOUR_S)
    leased = [*first, *second]
    assert [(len(first), len(second)), sorted(each.text for each in leased)] == [(2, 1), sorted(texts)]
    assert {each.id: (each.inserted, each.expires) for each in leased} == {
        each.id: (each.inserted_on, each.expires_on) for each in sent
    }
    assert all(each.dequeue_count == 1 for each in leased)
    assert all(each.visible - each.inserted >= timedelta(seconds=HOUR_S) for each in leased)
    assert await messages.lease(2, HOUR_S) == []
    for each in leased:
        await messages.delete(each)
    assert (await asyncio.to_thread(queue.get_queue_properties)).approximate_message_count == 0


async def test_a_renewed_message_is_deleted_by_its_new_receipt(messages: LeasedMessages, queue: QueueClient) -> None:
    await asyncio.to_thread(queue.send_message, "work")
    (leased,) = await messages.lease(1, HOUR_S)
    await messages.renew(leased, 0)
    (again,) = await messages.lease(1, HOUR_S)
    assert (again.text, again.dequeue_count) == ("work", 2)
    with pytest.raises(HttpResponseError):
        await messages.delete(leased)
    await messages.renew(again, HOUR_S)
    await messages.delete(again)
    with pytest.raises(ResourceNotFoundError):
        await messages.delete(again)


async def test_a_message_is_renewed_for_as_long_as_it_is_kept(messages: LeasedMessages, queue: QueueClient) -> None:
    await asyncio.to_thread(queue.send_message, "work")
    (leased,) = await messages.lease(1, HOUR_S)
    seen = {leased.receipt}
    async with messages.kept(leased, HOUR_S, interval_s=0.01):
        while len(seen) < 3:
            await asyncio.sleep(0)
            seen.add(leased.receipt)
        assert await messages.lease(1, HOUR_S) == []
    # By the newest receipt alone.
    await messages.delete(leased)
    assert (await asyncio.to_thread(queue.get_queue_properties)).approximate_message_count == 0


async def test_a_message_whose_function_ends_during_a_renewal_is_deleted(
    messages: LeasedMessages, queue: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(queue.send_message, "work")
    (leased,) = await messages.lease(1, HOUR_S)
    update, renewed = messages._queue.update_message, asyncio.Event()

    async def answered_late(*args: Any, **options: Any) -> Any:
        answer = await update(*args, **options)
        renewed.set()
        await asyncio.sleep(0.05)
        return answer

    monkeypatch.setattr(messages._queue, "update_message", answered_late)
    async with messages.kept(leased, HOUR_S, interval_s=0):
        await renewed.wait()
    await messages.delete(leased)
    assert (await asyncio.to_thread(queue.get_queue_properties)).approximate_message_count == 0


async def test_what_the_account_refuses_is_an_error(messages: LeasedMessages, queue: QueueClient) -> None:
    with pytest.raises(HttpResponseError, match="OutOfRangeQueryParameterValue"):
        await messages.lease(33, HOUR_S)
    await asyncio.to_thread(queue.delete_queue)
    with pytest.raises(ResourceNotFoundError):
        await messages.lease(1, HOUR_S)


async def test_a_redirect_deletes_no_message() -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    now = datetime.now(UTC)
    message = LeasedMessage(id="1", text="", dequeue_count=1, inserted=now, expires=now, visible=now, receipt="r")
    async with await asyncio.start_server(redirect, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = f"QueueEndpoint=http://127.0.0.1:{port}/account;SharedAccessSignature=sv=1&sig=s"
        accounts = StorageAccounts({"AzureWebJobsStorage": connection})
        messages = await accounts.messages("", "work")
        with pytest.raises(HttpResponseError):
            await messages.delete(message)
        with pytest.raises(HttpResponseError):
            await messages.lease(1, HOUR_S)
        await accounts.close()
