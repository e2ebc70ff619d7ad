"""Which of the orders that wait for an approval an approver was asked about."""

from collections.abc import Iterable, Sequence

from domain.identity import Caller
from domain.orders.listing import ListedOrder
from services.concurrency import gather_bounded
from services.durable.client import DurableClient
from services.orders.status import find_order


async def asked_of(client: DurableClient, caller: Caller, orders: Iterable[ListedOrder]) -> Sequence[ListedOrder]:
    """Return the orders of which the caller's address was asked, by a mail or by an escalation. Raises StorageUnavailable."""
    listed = {order.order_id: order for order in orders}

    async def is_asked(order_id: str) -> bool:
        wait = (await find_order(client, order_id)).progress.approval
        return wait is not None and any(caller.is_also(address) for address in wait.approvers)

    answers = await gather_bounded(is_asked, listed)
    return [order for order, asked in zip(listed.values(), answers, strict=True) if asked]
