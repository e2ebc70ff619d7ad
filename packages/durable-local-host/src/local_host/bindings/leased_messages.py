"""The messages of one queue, leased for as long as a function runs.

Only azure-core is between this and the connection, since a listener asks its queue for as long as the host lives: the SDK's own
client takes four times the processor time for a request, and asks a second time after messages that do not fill a batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree

if TYPE_CHECKING:
    from azure.core.pipeline import AsyncPipeline
    from azure.core.rest import AsyncHttpResponse, HttpRequest
    from azure.storage.queue.aio import QueueClient, QueueServiceClient

_TOKEN_SCOPE = "https://storage.azure.com/.default"  # noqa: S105 - what a token is for
_MAX_RETRIES = 3


@dataclass(slots=True, kw_only=True)
class LeasedMessage:
    """A message, as it was leased. text: as it was sent; receipt: changes with each renewal; times are UTC."""

    id: str
    text: str
    dequeue_count: int
    inserted: datetime
    expires: datetime
    visible: datetime
    receipt: str


def requests_to(service: QueueServiceClient, transport: Any) -> AsyncPipeline[HttpRequest, AsyncHttpResponse]:
    """Return what signs and sends requests to a service, with the transport that its client has."""
    from azure.core.pipeline import AsyncPipeline
    from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy, AsyncRetryPolicy

    credential: Any = service.credential
    if hasattr(credential, "get_token"):
        credential = AsyncBearerTokenCredentialPolicy(credential, _TOKEN_SCOPE)
    policies = [AsyncRetryPolicy(retry_total=_MAX_RETRIES), *([credential] if credential else [])]
    return AsyncPipeline(transport, policies)


class LeasedMessages:
    """Leases messages, renews them, deletes them or shows them again."""

    def __init__(self, queue: QueueClient, requests: AsyncPipeline[HttpRequest, AsyncHttpResponse]) -> None:
        self._queue = queue
        self._requests = requests
        self._address, _, self._signature = queue.url.partition("?")

    async def lease(self, count: int, timeout_s: int) -> Sequence[LeasedMessage]:
        """Return so many messages at most, hidden for so long. Raises ResourceNotFoundError when there is no queue."""
        body = await self._send("GET", "/messages", f"numofmessages={count}&visibilitytimeout={timeout_s}")
        # Answers of the storage account that the app's own settings name.
        return [_message(each) for each in ElementTree.fromstring(body)]  # noqa: S314

    async def renew(self, message: LeasedMessage, timeout_s: int) -> None:
        """Hide a message for so long from now on; 0 shows it."""
        renewed = await self._queue.update_message(message.id, message.receipt, visibility_timeout=timeout_s)
        message.receipt = renewed.pop_receipt or message.receipt

    @asynccontextmanager
    async def kept(self, message: LeasedMessage, timeout_s: int, interval_s: float) -> AsyncIterator[None]:
        """Renew a message again and again while the block runs, first after one interval."""
        renewing: list[asyncio.Task[None]] = []
        over = asyncio.Event()

        async def renew() -> None:
            while not over.is_set():
                await self.renew(message, timeout_s)
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), interval_s)

        # Most functions end long before that, and a timer costs less than a task that waits.
        begin = asyncio.get_running_loop().call_later(interval_s, lambda: renewing.append(asyncio.create_task(renew())))
        try:
            yield
        except asyncio.CancelledError:
            for task in renewing:
                task.cancel()
            raise
        finally:
            begin.cancel()
            over.set()
            # One that is on its way may count already, and its answer alone has the receipt by which the message is deleted.
            await asyncio.gather(*renewing, return_exceptions=True)

    async def delete(self, message: LeasedMessage) -> None:
        """Delete a message."""
        await self._send("DELETE", f"/messages/{message.id}", f"popreceipt={quote(message.receipt, safe='')}")

    async def _send(self, method: str, path: str, query: str) -> bytes:
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
        from azure.core.rest import HttpRequest

        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": self._queue.api_version}
        url = f"{self._address}{path}?{query}{'&' if self._signature else ''}{self._signature}"
        response = (await self._requests.run(HttpRequest(method, url, headers=headers))).http_response
        if response.status_code == 404:
            raise ResourceNotFoundError(response=response)
        if response.status_code >= 300:  # redirects are not the service's
            raise HttpResponseError(response=response)
        return response.content


def _message(found: ElementTree.Element) -> LeasedMessage:
    """Read a message, by the reference of Get Messages of the queue service."""

    def field(name: str) -> str:
        return found.findtext(name) or ""

    return LeasedMessage(
        id=field("MessageId"),
        text=field("MessageText"),
        dequeue_count=int(field("DequeueCount")),
        inserted=parsedate_to_datetime(field("InsertionTime")),
        expires=parsedate_to_datetime(field("ExpirationTime")),
        visible=parsedate_to_datetime(field("TimeNextVisible")),
        receipt=field("PopReceipt"),
    )
