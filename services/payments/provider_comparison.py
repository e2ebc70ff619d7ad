"""Compare the payments of one provider with the orders, step by step: each step is stored as soon as it is done."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.errors import ProviderRefused, ProviderUnavailable, StorageUnavailable
from domain.ids import dead_letter_id, is_order_id, order_instance_id
from domain.orders.steps import CANCEL_PAYMENT
from domain.payments.listing import FindPayment, ListPayments, ProviderPayment
from domain.payments.providers import ProviderName
from domain.payments.reconciliation import (
    OrderMoney,
    PaymentDrift,
    find_payment_drift,
    is_quiet,
    is_settled,
)
from domain.payments.reconciliation_runs import ProviderRun, ReadPosition, Span, WatchedPayment
from domain.workflows.dead_letter import DeadLetterState
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.payments.ended_orders import EndedOrders
from services.payments.order_money import order_money

# The first run looks back so far. Cards release authorised money after 30 days at the latest.
_MAX_FIRST_PERIOD: Final = timedelta(days=90)
# The provider's clock and ours differ, and what is on its way to a list arrives late.
_CLOCK_MARGIN: Final = timedelta(minutes=10)
# A page may take a second or two.
MAX_READ_SPANS: Final = 8
MAX_SPAN_PAGES: Final = 3
_MAX_WATCHED: Final = 200

_log = logging.getLogger(__name__)


class ProviderComparison:
    """One run for one provider.

    What was read is compared and forgotten, but for the ids: of the orders, whose payments need not be asked for when they are read
    the other way round, and of the payments, which need no second look in the same run.
    """

    def __init__(self, client: DurableClient, provider: ProviderName, now: datetime) -> None:
        self._client = client
        self._provider = provider
        self._now = now
        self._store = services().payment_reconciliation
        self._payments = services().payment_provider
        self._namespace = services().settings.namespace
        self._grace = services().settings.payment_reconciliation_grace
        self._ended = EndedOrders(provider, now, self._read_again)
        self._orders, self._settled, self._watched = set[str](), set[str](), set[str]()
        self._drift: dict[str, PaymentDrift] = {}

    async def run(self, has_time: Callable[[], bool], *, is_new: bool) -> tuple[ProviderRun, Sequence[PaymentDrift]]:
        """Return what was read and what differs. A provider that does not answer is read in the next run.

        Args:
            has_time: Whether a further step may begin. One of each kind is done in any case.
            is_new: Whether what has happened since the last run is read too, and every watched payment looked at.
        """
        position = await asyncio.to_thread(self._store.position, self._provider)
        problem = None
        try:
            if is_new:
                position = position.reading_to(self._now, _MAX_FIRST_PERIOD, _CLOCK_MARGIN)
            position = await self._read_new(position, has_time)
            if is_new or position.watched_cursor is not None:
                position = await self._look_again(position, has_time)
        except (ProviderUnavailable, ProviderRefused) as error:
            problem = str(error)
            position = await asyncio.to_thread(self._store.position, self._provider)
        run = ProviderRun(
            provider=self._provider,
            payments=len(self._settled | self._watched),
            read_until=position.read_until,
            has_more=problem is None and position.has_more,
            problem=problem,
        )
        return run, [*self._drift.values()]

    async def _read_new(self, position: ReadPosition, has_time: Callable[[], bool]) -> ReadPosition:
        if position.has_ended_orders:
            position = await self._read_ended(position, has_time)
        while position.spans:
            some = position.spans[:MAX_READ_SPANS]
            read = await asyncio.gather(
                *(asyncio.to_thread(self._read_span, span, position.may_split) for span in some)
            )
            payments = {payment.payment_id: payment for found, _ in read for payment in found}
            await self._compare(payments.values())
            position = position.after_reading(len(some), tuple(span for _, left in read for span in left))
            # Last: what a run that ends early has read is read again.
            await asyncio.to_thread(self._store.move, position)
            position = await self._read_ended(position, has_time)
            if not has_time():
                break
        return position

    def _read_span(self, span: Span, may_split: bool) -> tuple[Sequence[ProviderPayment], tuple[Span, ...]]:
        """Return payments of a span, and what is left of it."""
        found, cursor = list[ProviderPayment](), span.cursor
        for _ in range(MAX_SPAN_PAGES):
            page = self._payments.list_payments(
                ListPayments(
                    provider=self._provider,
                    namespace=self._namespace,
                    since=span.since,
                    until=span.until,
                    cursor=cursor,
                )
            )
            found += page.items
            cursor = page.cursor
            if cursor is None:
                return found, ()
        left = span.continued(cursor, may_split=may_split)
        return ([] if left[0].cursor is None else found), left  # shorter spans are read from their beginning

    async def _read_ended(self, position: ReadPosition, has_time: Callable[[], bool]) -> ReadPosition:
        while position.read_until is not None:
            ended = await self._ended.read(position.ended_until, position.read_until, self._orders)
            await self._compare(ended.payments)
            position = position.model_copy(update={"ended_until": ended.until, "ended_has_more": ended.has_more})
            await asyncio.to_thread(self._store.move, position)
            if not ended.has_more or not has_time():
                break
        return position

    async def _look_again(self, position: ReadPosition, has_time: Callable[[], bool]) -> ReadPosition:
        """Look at the payments that were open or differed, but for those that this run has just read."""
        while True:
            page = await asyncio.to_thread(
                self._store.watched, self._provider, cursor=position.watched_cursor, limit=_MAX_WATCHED
            )
            watched = {each.payment.payment_id: each.payment for each in page.items}
            again = await gather_bounded(self._read_again, sorted(watched.keys() - self._settled - self._watched))
            missing = {payment_id: each for payment_id, each in watched.items() if each.is_missing}
            payments = missing | {each.payment_id: each for each in again if each is not None}
            await self._compare([each for each in payments.values() if each.payment_id not in self._watched])
            for payment_id in watched.keys() - self._watched:  # settled, or gone
                await asyncio.to_thread(self._store.forget, watched[payment_id])
            position = position.model_copy(update={"watched_cursor": page.cursor})
            await asyncio.to_thread(self._store.move, position)
            if page.cursor is None or not has_time():
                return position

    async def _read_again(self, payment_id: str) -> ProviderPayment | None:
        wanted = FindPayment(provider=self._provider, namespace=self._namespace, payment_id=payment_id)
        return await asyncio.to_thread(self._payments.find_payment, wanted)

    async def _compare(self, payments: Iterable[ProviderPayment]) -> None:
        of_orders = defaultdict[str, list[ProviderPayment]](list)
        for payment in payments:
            of_orders[payment.order_id].append(payment)
        await gather_bounded(lambda order_id: self._compare_or_keep(of_orders[order_id]), sorted(of_orders))
        self._orders.update(of_orders)

    async def _compare_or_keep(self, payments: list[ProviderPayment]) -> None:
        """Compare the payments of one order. If it cannot be read, they are looked at again, and the others get their turn."""
        try:
            await self._compare_order(payments)
        except (ProviderUnavailable, ProviderRefused, StorageUnavailable):
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it concerns this order alone
            _log.exception("payments of %r could not be compared; they will be again", payments[0].order_id)
            for payment in payments:
                await asyncio.to_thread(self._store.keep_watching, payment)
                self._watched.add(payment.payment_id)

    async def _compare_order(self, payments: list[ProviderPayment]) -> None:
        order = await order_money(self._client, payments[0].order_id)
        if next(find_payment_drift(payments, order), None) is not None:
            # The order was read after its payments: only what a second look shows as well is a difference.
            seen = await asyncio.gather(*(self._read_again(payment.payment_id) for payment in payments))
            missing = [payment if payment.is_missing else None for payment in payments]
            payments = [each for pair in zip(seen, missing, strict=True) if (each := pair[0] or pair[1]) is not None]
            order = await order_money(self._client, order.order_id)
        differing = {each.payment_id: each for each in find_payment_drift(payments, order)}
        for payment in payments:
            await self._settle(payment, order, differing.get(payment.payment_id))

    async def _settle(self, payment: ProviderPayment, order: OrderMoney, drift: PaymentDrift | None) -> None:
        """Store whether a payment is to be looked at again, with the difference if it has lasted."""
        payment_id = payment.payment_id
        self._drift.pop(payment_id, None)
        if drift is not None and await asyncio.to_thread(self._store.resolution, drift.drift_id) is not None:
            drift = None
        if drift is None and is_settled(payment, order):
            self._settled.add(payment_id)
            self._watched.discard(payment_id)
            return
        has_lasted = drift is not None and is_quiet(payment, order, self._grace, self._now)
        lasting = await _with_dead_letter(drift) if drift is not None and has_lasted else None
        await asyncio.to_thread(self._store.watch, WatchedPayment(payment=payment, drift=lasting))
        self._watched.add(payment_id)
        self._settled.discard(payment_id)
        if lasting is not None:
            self._drift[payment_id] = lasting


async def _with_dead_letter(drift: PaymentDrift) -> PaymentDrift:
    """Return the difference with the open dead letter of its order's compensation, if there is one."""
    if not is_order_id(drift.order_id):
        return drift
    open_id = dead_letter_id(order_instance_id(drift.order_id), CANCEL_PAYMENT)
    stored = await asyncio.to_thread(services().dead_letters.get, open_id)
    if stored is None or stored.dead_letter.state is not DeadLetterState.OPEN:
        return drift
    action = f"Settle the order: POST /api/orders/{drift.order_id}/settlement replays what is open of it."
    return drift.model_copy(update={"dead_letter_id": open_id, "next_action": action})
