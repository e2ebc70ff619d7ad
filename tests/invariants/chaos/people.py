"""Customers and staff of a shop in trouble: they send a request until it is answered, some of them more than once at once."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import aiohttp
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from domain.queues import ORDERS_IN
from local_host.testing import Answer
from tests.invariants.chaos.plan import QUEUE, Delivery, PlannedOrder
from tests.invariants.chaos.storage import Storage
from tests.invariants.order_cases import CANCEL, Action
from tests.invariants.outside import POLL_INTERVAL_S, Outside
from tests.support.books import open_dead_letters

_AT_ONCE: Final = 8
_LESS_OFTEN: Final = 1.2
_MAX_POLL_INTERVAL_S: Final = 2.0
# A host that dies over a message leaves it invisible for ten minutes, in Azure as here: its sender sends it again.
_POLLS_BEFORE_RESENDING: Final = 20
_RECOVERY_INTERVAL_S: Final = 3
_RECOVERY_TIMER: Final = "recover_runs"


class BrokenPromise(AssertionError):
    """The shop answered what it must not."""


class People:
    """Everyone who deals with one shop. accepted_cancellations: of which orders."""

    def __init__(self, shop: Outside, storage: Storage) -> None:
        self.shop = shop
        self._writing = storage.writing
        self.accepted_cancellations: set[str] = set()
        self._queue = QueueClient.from_connection_string(
            storage.ports.connection_string, ORDERS_IN, message_encode_policy=TextBase64EncodePolicy(), retry_total=0
        )
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def order(self, planned: PlannedOrder) -> None:
        """Place an order, look at it until its end, and do what is planned meanwhile."""
        body = planned.case.body(planned.order_id)
        async with self._gate:
            if planned.door == QUEUE:
                await self._each(planned.copies, lambda: self._enqueue(json.dumps(body)))
            else:
                await self._each(planned.copies, lambda: self._post(202, "orders", body))
        looks = 1
        while (order := await self.shop.get(f"orders/{planned.order_id}")).status != 200:
            if looks == planned.cancels_after:
                await self._decide(planned.order_id, CANCEL)
            if planned.actions and order.status == 202 and order.json()["status"] == "awaiting_approval":
                await asyncio.gather(*(self._decide(planned.order_id, action) for action in planned.actions))
            if planned.door == QUEUE and order.status == 404 and looks % _POLLS_BEFORE_RESENDING == 0:
                await self._enqueue(json.dumps(body))
            looks += 1
            await asyncio.sleep(min(POLL_INTERVAL_S * _LESS_OFTEN**looks, _MAX_POLL_INTERVAL_S))

    async def deliver(self, delivery: Delivery) -> None:
        """Report goods that arrived."""
        body = {"quantity": delivery.quantity, "key": delivery.key}
        await self._each(delivery.copies, lambda: self._post(202, f"inventory/{delivery.product_id}/restock", body))

    async def run_recovery(self) -> None:
        """Run the recovery timer by hand, so that nothing waits for their minute."""
        while not self.shop.is_over:
            await asyncio.sleep(_RECOVERY_INTERVAL_S)
            with suppress(aiohttp.ClientError, TimeoutError):  # the host is away
                await self.shop.http.post(f"{self.shop.host.url}/admin/functions/{_RECOVERY_TIMER}", json={})

    async def settle(self) -> int:
        """Replay what orders wait for, two operators at once, until none does. Return how many dead letters there were.

        Mails are not among it: this shop has no mail server.
        """
        seen: set[str] = set()
        while letters := [each["dead_letter_id"] for each in await open_dead_letters(self.shop) if each["run_end"]]:
            seen.update(letters)
            for letter in letters:
                answers = await asyncio.gather(*(self.shop.ask("POST", f"dead-letters/{letter}/replay") for _ in "ab"))
                if [answer.status for answer in answers] == [202, 202] and _attempts(answers) != 2:
                    raise BrokenPromise(f"one replay of {letter} was started twice")
            await asyncio.sleep(POLL_INTERVAL_S)
        return len(seen)

    async def _decide(self, order_id: str, action: Action) -> None:
        path, body = action
        answer = await self.shop.ask("POST", f"orders/{order_id}/{path}", json=body)
        if path == "cancellation" and answer.status == 202:
            self.accepted_cancellations.add(order_id)

    async def _each(self, copies: int, send: Callable[[], Awaitable[None]]) -> None:
        await asyncio.gather(*(send() for _ in range(copies)))

    async def _post(self, expected: int, path: str, body: object) -> None:
        answer = await self.shop.ask("POST", path, json=body)
        if answer.status != expected:
            raise BrokenPromise(f"POST {path}: {answer.status} {answer.text}")

    async def _enqueue(self, text: str) -> None:
        while True:
            try:
                async with self._writing:
                    await asyncio.to_thread(self._queue.send_message, text)
            except AzureError:
                await asyncio.sleep(POLL_INTERVAL_S)  # storage is away; a message sent twice is one order
            else:
                return


def _attempts(answers: list[Answer]) -> int:
    return len({answer.json()["attempt"] for answer in answers})
