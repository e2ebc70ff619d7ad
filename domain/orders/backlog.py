"""The backlog: orders that were accepted and have neither ended nor been held up by anything of their own.

It is judged by the newest orders that were accepted longer ago than the limit. Where the queues are too long none of them has got
on. An order that is stuck for a reason of its own stands among others that are not, and closes no shop.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from domain.orders.listing import ListedOrder, OrderFilter
from domain.orders.order import OrderStatus

SAMPLE_SIZE: Final = 20
"""How many orders are looked at. More than half of so many have to wait: in a backlog that matters there are hundreds."""

_MAX_AGE_IN_LIMITS: Final = 6
"""Orders that nothing starts at all, such as those of a withdrawn version, close the shop no longer than that."""


class Backlog(NamedTuple):
    """What was measured of the backlog.

    Attributes:
        late_orders: Of the orders looked at, how many have waited for longer than the limit.
        oldest_wait_s: How long the oldest of them has waited; None without any. There may be older ones.
    """

    late_orders: int = 0
    oldest_wait_s: int | None = None

    @property
    def is_too_old(self) -> bool:
        """Whether no further order is to be accepted."""
        return self.late_orders > SAMPLE_SIZE // 2


def late_orders(limit: timedelta, now: datetime) -> OrderFilter:
    """Return which orders show the backlog."""
    return OrderFilter(placed_from=now - _MAX_AGE_IN_LIMITS * limit, placed_to=now - limit)


def backlog_of(orders: Iterable[ListedOrder], now: datetime) -> Backlog:
    """Return what the newest late orders say of the backlog."""
    waits = [
        now - order.placed_at
        for order in orders
        if order.status is OrderStatus.ACCEPTED and order.placed_at is not None
    ]
    oldest = max(waits, default=None)
    return Backlog(late_orders=len(waits), oldest_wait_s=None if oldest is None else int(oldest.total_seconds()))
