"""Many customers of a shop in processes of its own: they place orders, decide what has to be decided, and wait for every end."""

import asyncio
from collections.abc import Mapping

from tests.invariants.order_cases import OrderCase
from tests.invariants.outside import POLL_INTERVAL_S, Outside
from tests.invariants.progress import Progress

KINDS = (
    "completed",
    "completed",
    "completed_several_lines",
    "declined",
    "undeliverable",
    "authorisation_expired",
    "approved",
)

_CONCURRENCY = 8


async def place_all(shop: Outside, cases: Mapping[str, OrderCase]) -> None:
    gate = asyncio.Semaphore(_CONCURRENCY)

    async def place(order_id: str, case: OrderCase) -> None:
        async with gate:
            assert (await shop.ask("POST", "orders", json=case.body(order_id))).status == 202

    await asyncio.gather(*(place(order_id, case) for order_id, case in cases.items()))


async def look_after(shop: Outside, order_id: str, case: OrderCase, progress: Progress) -> None:
    """Look at one order until its end, and decide what has to be decided."""
    while (order := await shop.get(f"orders/{order_id}")).status != 200:
        if case.action is not None and order.status == 202 and order.json()["status"] == "awaiting_approval":
            path, body = case.action
            await shop.ask("POST", f"orders/{order_id}/{path}", json=body)
        await asyncio.sleep(POLL_INTERVAL_S)
    progress.count(orders=1)
