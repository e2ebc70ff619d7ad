"""Compare the payments at every provider with the orders, from where the last run ended.

A run reads what was made or paid back since, and looks again at the payments that were open or differed then. The other way round,
it reads the orders that were completed since: each must have a payment. So its price grows with what happened in between and with
what is open, never with the orders that have ended before.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.errors import ProviderRefused, ProviderUnavailable
from domain.ids import dead_letter_id, is_order_id, order_instance_id
from domain.orders.steps import CANCEL_PAYMENT
from domain.payments.listing import FindPayment, ListPayments, ProviderPayment
from domain.payments.providers import PROVIDERS
from domain.payments.reconciliation import (
    OrderMoney,
    PaymentDrift,
    PaymentRun,
    ProviderRun,
    ReadPosition,
    Span,
    WatchedPayment,
    find_payment_drift,
    is_quiet,
    is_settled,
)
from domain.refusals import NotFound
from domain.workflows.dead_letter import DeadLetterState, Resolution
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.payments.ended_orders import EndedOrders
from services.payments.order_money import order_money

_log = logging.getLogger(__name__)

# The first run looks back so far. Cards release authorised money after 30 days at the latest.
_MAX_FIRST_PERIOD: Final = timedelta(days=90)
# The provider's clock and ours differ, and what is on its way to a list arrives late.
_CLOCK_MARGIN: Final = timedelta(minutes=10)
# A page may take a second or two, and the timer has to end within the host's limit of five minutes.
_MAX_PAGES: Final = 50
_MAX_WATCHED: Final = 200


class DriftNotFound(NotFound):
    """No difference of this id is open."""

    def __init__(self) -> None:
        super().__init__("drift_not_found", "There is no open difference with this id.")


async def reconcile_payments(client: DurableClient, now: datetime) -> PaymentRun:
    """Compare, store what is to be looked at again, and log one warning per difference, as JSON, for alerts to match.

    A difference for which a dead letter is open is in the list and not in the log: the dead letter raises its own alert.
    """
    runs, found = [], 0
    for provider in PROVIDERS:
        run, drift = await _Reconciliation(client, provider, now).run()
        runs.append(run)
        found += len(drift)
        for each in drift:
            if each.dead_letter_id is None:
                _log.warning("payment drift %s", each.model_dump_json())
        if run.problem is not None:
            _log.warning("payment reconciliation failed %s: %s", provider, run.problem)
    done = PaymentRun(as_of=now, providers=tuple(runs), drift=found)
    await asyncio.to_thread(services().payment_reconciliation.record_last_run, done)
    return done


async def resolve_drift(drift_id: str, resolution: Resolution) -> Resolution:
    """Close a difference that an operator has settled or intended. Return the resolution that holds, which is the first.

    Raises:
        DriftNotFound: None of this id is open, and none was resolved.
    """
    return await asyncio.to_thread(_resolve, drift_id, resolution)


def _resolve(drift_id: str, resolution: Resolution) -> Resolution:
    store = services().payment_reconciliation
    held = store.resolution(drift_id)
    if held is not None:
        return held
    drift = store.find_drift(drift_id)
    if drift is not None:
        return store.resolve(drift, resolution)
    held = store.resolution(drift_id)  # another operator's, stored since
    if held is None:
        raise DriftNotFound
    return held


class _Reconciliation:
    """One run for one provider."""

    def __init__(self, client: DurableClient, provider: str, now: datetime) -> None:
        self._client = client
        self._provider = provider
        self._now = now
        self._store = services().payment_reconciliation
        self._payments = services().payment_provider
        self._namespace = services().settings.namespace
        self._grace = services().settings.payment_reconciliation_grace
        self._ended = EndedOrders(provider, now, self._read_again)

    async def run(self) -> tuple[ProviderRun, Sequence[PaymentDrift]]:
        """Return what was read and what differs. A provider that does not answer is read in the next run."""
        position = await asyncio.to_thread(self._store.position, self._provider)
        try:
            moved, listed = await asyncio.to_thread(self._read_new, position)
            page = await asyncio.to_thread(
                self._store.watched, self._provider, cursor=position.watched_cursor, limit=_MAX_WATCHED
            )
            watched = {each.payment.payment_id: each for each in page.items}
            again = await gather_bounded(self._read_again, sorted(watched.keys() - listed.keys()))
            payments = listed | {each.payment_id: each for each in again if each is not None}
            missing = {payment_id: each.payment for payment_id, each in watched.items() if each.payment.is_missing}
            payments = missing | payments
            ended = await self._ended.read(position.ended_until, {each.order_id for each in payments.values()})
            payments |= {each.payment_id: each for each in ended.payments}
            drift = await self._compare(payments.values(), watched)
        except (ProviderUnavailable, ProviderRefused) as error:
            return ProviderRun(provider=self._provider, read_until=position.read_until, problem=str(error)), ()
        gone = [each.payment for payment_id, each in watched.items() if payment_id not in payments]
        for payment in gone:
            await asyncio.to_thread(self._store.forget, payment)
        # Last: what a run that ends early has read is read again.
        further = {"watched_cursor": page.cursor, "ended_until": ended.until}
        await asyncio.to_thread(self._store.move, moved.model_copy(update=further))
        has_more = moved.span is not None or page.cursor is not None or ended.has_more
        run = ProviderRun(
            provider=self._provider, payments=len(payments), read_until=moved.read_until, has_more=has_more
        )
        return run, drift

    def _read_new(self, position: ReadPosition) -> tuple[ReadPosition, dict[str, ProviderPayment]]:
        """Return the position after reading, and the payments by id."""
        since = position.read_until or self._now - _MAX_FIRST_PERIOD
        span = position.span or Span(since=since - _CLOCK_MARGIN, until=self._now)
        cursor, found = span.cursor, dict[str, ProviderPayment]()
        for _ in range(_MAX_PAGES):
            page = self._payments.list_payments(
                ListPayments(
                    provider=self._provider,
                    namespace=self._namespace,
                    since=span.since,
                    until=span.until,
                    cursor=cursor,
                )
            )
            found |= {payment.payment_id: payment for payment in page.items}
            cursor = page.cursor
            if cursor is None:
                return position.model_copy(update={"read_until": span.until, "span": None}), found
        left = span.model_copy(update={"cursor": cursor})
        return position.model_copy(update={"span": left}), found

    async def _read_again(self, payment_id: str) -> ProviderPayment | None:
        wanted = FindPayment(provider=self._provider, namespace=self._namespace, payment_id=payment_id)
        return await asyncio.to_thread(self._payments.find_payment, wanted)

    async def _compare(
        self, payments: Iterable[ProviderPayment], watched: Mapping[str, WatchedPayment]
    ) -> Sequence[PaymentDrift]:
        of_orders = defaultdict[str, list[ProviderPayment]](list)
        for payment in payments:
            of_orders[payment.order_id].append(payment)

        async def compare(order_id: str) -> list[PaymentDrift]:
            return await self._compare_order(of_orders[order_id], watched)

        found = await gather_bounded(compare, sorted(of_orders))
        return [drift for drifts in found for drift in drifts]

    async def _compare_order(
        self, payments: list[ProviderPayment], watched: Mapping[str, WatchedPayment]
    ) -> list[PaymentDrift]:
        order = await order_money(self._client, payments[0].order_id)
        if next(find_payment_drift(payments, order), None) is not None:
            # The order was read after its payments: only what a second look shows as well is a difference.
            seen = await asyncio.gather(*(self._read_again(payment.payment_id) for payment in payments))
            missing = [payment if payment.is_missing else None for payment in payments]
            payments = [each for pair in zip(seen, missing, strict=True) if (each := pair[0] or pair[1]) is not None]
            order = await order_money(self._client, order.order_id)
        differing = {each.payment_id: each for each in find_payment_drift(payments, order)}
        found = [await self._settle(each, order, differing.get(each.payment_id), watched) for each in payments]
        return [drift for drift in found if drift is not None]

    async def _settle(
        self,
        payment: ProviderPayment,
        order: OrderMoney,
        drift: PaymentDrift | None,
        watched: Mapping[str, WatchedPayment],
    ) -> PaymentDrift | None:
        """Store whether a payment is to be looked at again; return the difference if it has lasted."""
        if drift is not None and await asyncio.to_thread(self._store.resolution, drift.drift_id) is not None:
            drift = None
        if drift is None and is_settled(payment, order):
            if payment.payment_id in watched:
                await asyncio.to_thread(self._store.forget, payment)
            return None
        has_lasted = drift is not None and is_quiet(payment, order, self._grace, self._now)
        lasting = await _with_dead_letter(drift) if drift is not None and has_lasted else None
        await asyncio.to_thread(self._store.watch, WatchedPayment(payment=payment, drift=lasting))
        return lasting


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
