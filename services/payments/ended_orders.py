"""Compare the other way round: every order that was completed since the last run must have a payment at its provider.

A payment that is open is looked at again until its order has ended, so the run has just read the payments of nearly all of these
orders. Only the others cost a question each.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.orders.listing import EndedOrder
from domain.orders.order import OrderStatus
from domain.payments.listing import ProviderPayment
from domain.payments.providers import STRIPE, ProviderName
from services.concurrency import gather_bounded
from services.container import services

# The first run looks back so far.
_MAX_FIRST_PERIOD: Final = timedelta(days=90)
# The clocks of two processes differ, and a row is dated before it is stored.
_CLOCK_MARGIN: Final = timedelta(minutes=2)
_MAX_ORDERS: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class ReadEnds:
    """What was read of the orders that ended.

    Attributes:
        payments: Their payments that were not read before; one that the provider does not have is shown as missing.
        until: The orders that ended before are read.
        has_more: Whether there are more.
    """

    payments: tuple[ProviderPayment, ...]
    until: datetime
    has_more: bool


class EndedOrders:
    """The completed orders of one provider.

    Args:
        provider: The provider.
        now: The present time.
        find: Returns a payment as it is now, by its id.
    """

    def __init__(
        self, provider: ProviderName, now: datetime, find: Callable[[str], Awaitable[ProviderPayment | None]]
    ) -> None:
        self._provider = provider
        self._now = now
        self._find = find

    async def read(self, since: datetime | None, until: datetime, known: Collection[str]) -> ReadEnds:
        """Read the orders that ended in a span of time, some at a time. Raises what `find` raises.

        Args:
            since: Where the last call ended; None before the first.
            until: The payments that were made before were read.
            known: The ids of the orders whose payments were read.
        """
        first = (since or self._now - _MAX_FIRST_PERIOD) - _CLOCK_MARGIN
        ended = await asyncio.to_thread(services().order_repository.ended, first, until, _MAX_ORDERS)
        orders = {each.order_id: each for each in ended if self._must_be_paid(each) and each.order_id not in known}

        async def payment(order_id: str) -> ProviderPayment:
            return await self._payment(orders[order_id])

        found = await gather_bounded(payment, orders)
        has_more = len(ended) == _MAX_ORDERS
        # The next call begins a margin earlier: where there are more, behind the last one, however many end within the margin.
        until = ended[-1].ended_at + _CLOCK_MARGIN if has_more else min(until + _CLOCK_MARGIN, self._now)
        return ReadEnds(payments=tuple(found), until=until, has_more=has_more)

    def _must_be_paid(self, order: EndedOrder) -> bool:
        return order.status is OrderStatus.COMPLETED and (order.payment_provider or STRIPE) == self._provider

    async def _payment(self, order: EndedOrder) -> ProviderPayment:
        payment_id = order.payment_id or f"none.{order.order_id}"
        found = None if order.payment_id is None else await self._find(payment_id)
        currency = order.currency or services().settings.currency
        return found or ProviderPayment.missing(self._provider, payment_id, order.order_id, currency, order.ended_at)
