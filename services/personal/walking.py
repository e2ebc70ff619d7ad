"""Go through one place of a customer's data, page by page, for as long as an activity may take."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from domain.ids import instance_id_of
from domain.orders.row import OrderRow
from domain.personal.erasure import Open
from domain.personal.run import CUSTOMER_DATA, DataPage, DataPageDone
from services.concurrency import gather_bounded
from services.durable.client import DurableClient, InstanceStatus
from services.durable.pages import page_of_instances
from services.personal.finding import page_of_orders

MAX_ORDERS: Final = 20
"""Orders that are read together."""

_TIMEOUT_S: Final = 60
_MAX_OPEN: Final = 20


@dataclass
class Tally:
    """What a page has come to."""

    counts: Counter[str] = field(default_factory=Counter)
    open: list[Open] = field(default_factory=list)

    def done(self, cursor: str | None) -> DataPageDone:
        """Return the answer of the page."""
        return DataPageDone(cursor=cursor, counts=dict(self.counts), open=tuple(self.open[:_MAX_OPEN]))


async def through_instances(
    client: DurableClient, page: DataPage, tally: Tally, visit: Callable[[InstanceStatus], Awaitable[None]]
) -> DataPageDone:
    """Visit the hub's instances from the page's cursor on, until the time is up.

    The run itself is left out: who has asked for it may be the customer, and it would wait for its own end.
    """
    has_time, cursor, own = time_limit(), page.cursor, instance_id_of(CUSTOMER_DATA, page.key)
    while True:
        found, cursor = await page_of_instances(client, cursor, datetime.now(UTC))
        for instance_id, instance in found.items():
            if not instance_id.startswith("@") and instance_id != own:
                await visit(instance)
        if cursor is None or not has_time():
            return tally.done(cursor)


async def through_orders(
    customer_id: str, page: DataPage, tally: Tally, visit: Callable[[OrderRow], Awaitable[None]]
) -> DataPageDone:
    """Visit a customer's orders from the page's cursor on, several at a time, until the time is up."""
    has_time, cursor = time_limit(), page.cursor
    while True:
        found = await page_of_orders(customer_id, cursor, MAX_ORDERS)
        await gather_bounded(visit, found.items)
        cursor = found.cursor
        if cursor is None or not has_time():
            return tally.done(cursor)


def time_limit() -> Callable[[], bool]:
    """Return what says whether an activity may begin more."""
    end = time.monotonic() + _TIMEOUT_S
    return lambda: time.monotonic() < end
