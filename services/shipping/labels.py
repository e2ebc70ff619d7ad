"""Compare the labels that the carrier has sold with the orders, and give back those that no order uses.

A compensation takes away the rate that a purchase on its way names. A worker that stood still before it looked for one finds a
fresh one all the same, and buys a label that its order has given up: only the carrier knows. So labels are compared once they are
so old that no step of their orders can be under way. A run goes on where the last one ended.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.errors import ProviderRefused, ProviderUnavailable, StorageUnavailable
from domain.ids import PROCESS_ORDER, dead_letter_id, is_order_id, order_instance_id
from domain.orders.label_use import label_use, sent_shipment
from domain.orders.steps import CANCEL_SHIPPING
from domain.shipping.labels import (
    CarrierLabel,
    FindLabel,
    LabelDrift,
    LabelDriftKind,
    LabelPosition,
    LabelUse,
    ListLabels,
    WatchedLabel,
)
from domain.shipping.shipment import CancelShippingRequest
from domain.workflows.commands import activity_command
from domain.workflows.dead_letter import DeadLetter, DeadLetterState
from domain.workflows.steps import Outcome, StepResult
from services.concurrency import gather_bounded
from services.container import services
from services.telemetry import emit_dead_letter

MIN_AGE: Final = timedelta(days=4)
"""Of a shipment whose label is compared. A reservation lasts two days longer than the time for an approval, which is one day unless
it is set otherwise, and without it no order goes on to its label. USPS takes a label back for thirty days, others for longer
(https://docs.easypost.com/docs/shipments/shipping-refund)."""

_MAX_FIRST_PERIOD: Final = timedelta(days=30)
# The carrier's clock and ours differ.
_CLOCK_MARGIN: Final = timedelta(minutes=10)
# A little less than an hour: the timer of a new host may come early.
_READING_INTERVAL: Final = timedelta(minutes=58)
_MAX_FAILING: Final = timedelta(days=1)
_MAX_WATCHED: Final = 200

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Said:
    """What became of a label, to be logged by the caller: the host drops what a thread logs.

    Attributes:
        line: For the log; None for nothing.
        dead_letter: One that was stored; None for none.
    """

    line: str | None = None
    dead_letter: DeadLetter | None = None


async def compare_labels(now: datetime, has_time: Callable[[], bool]) -> None:
    """Compare the labels that have become old enough, and look again at those whose orders were open, once an hour.

    How far it is, is stored after each page: a run that ends early is gone on with by the next. A carrier that does not answer ends
    the run, and is named in the log.

    Args:
        now: The present time.
        has_time: Whether a further page may begin.

    Raises:
        StorageUnavailable: The next run goes on where this one has stopped.
    """
    run = _Run(now)
    before = await asyncio.to_thread(run.store.position)
    position = before.reading_to(now - MIN_AGE, _MAX_FIRST_PERIOD, _CLOCK_MARGIN, _READING_INTERVAL)
    while position.has_more and has_time():
        try:
            position = await (run.look_again(position) if position.until is None else run.read_page(position))
        except (ProviderUnavailable, ProviderRefused) as error:
            _log.warning("label comparison failed: %s", error)
            if isinstance(error, ProviderRefused) and position.cursor is not None:  # perhaps it is this that is refused
                await asyncio.to_thread(run.store.move, position.model_copy(update={"cursor": None}))
            return
        # Last: what a run that dies has read is read again.
        await asyncio.to_thread(run.store.move, position)


class _Run:
    """One run: what it has compared, it does not compare again."""

    def __init__(self, now: datetime) -> None:
        self.store = services().label_comparison
        self._now = now
        self._compared = set[str]()

    async def read_page(self, position: LabelPosition) -> LabelPosition:
        assert position.since is not None
        assert position.until is not None
        wanted = ListLabels(
            namespace=services().settings.namespace, since=position.since, until=position.until, cursor=position.cursor
        )
        page = await asyncio.to_thread(services().carrier.list_labels, wanted)
        await self._settle_all([WatchedLabel(label=label) for label in page.items if label.is_paid])
        return position.after_page(page.cursor)

    async def look_again(self, position: LabelPosition) -> LabelPosition:
        page = await asyncio.to_thread(self.store.watched, cursor=position.watched_cursor, limit=_MAX_WATCHED)
        readable = [each for each in page.items if each is not None]
        if len(readable) < len(page.items):
            _log.error("%d labels to look at again cannot be read", len(page.items) - len(readable))
        await self._settle_all(readable)
        return position.after_watched(page.cursor)

    async def _settle_all(self, labels: Sequence[WatchedLabel]) -> None:
        by_id = {each.label.shipment_id: each for each in labels}

        async def settle(shipment_id: str) -> None:
            watched = by_id[shipment_id]
            try:
                said = await asyncio.to_thread(_settle, watched, self._now)
            except StorageUnavailable:
                raise
            except Exception:  # noqa: BLE001 - whatever it is, it concerns this label alone
                _log.exception("the label of shipment %s could not be compared; it will be again", shipment_id)
                await asyncio.to_thread(self.store.watch, watched)
                return
            if said.line is not None:
                _log.warning(said.line)
            emit_dead_letter(said.dead_letter)

        await gather_bounded(settle, by_id.keys() - self._compared)
        self._compared |= by_id.keys()


def _settle(watched: WatchedLabel, now: datetime) -> _Said:
    """Give a label back that no order uses, or leave it to an operator; have it looked at again while its order is open."""
    store, label = services().label_comparison, watched.label
    row = services().order_repository.get(label.order_id) if is_order_id(label.order_id) else None
    use, said = label_use(label, row), _Said()
    if use is LabelUse.OPEN:
        store.watch(watched)
        return said
    if use is not LabelUse.IN_USE:
        try:
            is_replacement = row is not None and _is_replacement(sent_shipment(row))
            said = _Said() if is_replacement else _clear(label, use, now)
        except ProviderUnavailable as error:
            since = watched.failing_since or now
            if now - since < _MAX_FAILING:
                store.watch(watched.model_copy(update={"failing_since": since}))
                return _Said(f"the label of shipment {label.shipment_id} could not be given back: {error}")
            said = _left_over(label, use, StepResult.faulted("no_answer", str(error)), now)
        except ProviderRefused as error:
            said = _left_over(label, use, StepResult.faulted("carrier_request_refused", str(error)), now)
    store.forget(label.shipment_id)
    return said


def _clear(listed: CarrierLabel, use: LabelUse, now: datetime) -> _Said:
    """Give a label back, unless that is not to be decided here. The label is read again: the list may be behind."""
    if use is LabelUse.UNUSED and _is_resolved(listed):
        return _Said()
    wanted = FindLabel(namespace=services().settings.namespace, shipment_id=listed.shipment_id)
    label = services().carrier.find_label(wanted)
    if label is None or not label.is_paid:
        return _Said()
    if use is LabelUse.UNKNOWN_ORDER or label.is_used:
        return _drift(label, use)
    result = services().carrier.cancel(_cancellation(label))
    if result.outcome is not Outcome.DONE:
        return _dead_letter(label, result, now)
    return _Said(f"the label of shipment {label.shipment_id} is given back: order {label.order_id} has no use for it")


def _is_replacement(sent: str | None) -> bool:
    """Return whether the label of the parcel that an order has sent is not paid any more: then another one may be in its place."""
    if sent is None:
        return False
    own = services().carrier.find_label(FindLabel(namespace=services().settings.namespace, shipment_id=sent))
    return own is None or not own.is_paid


def _is_resolved(label: CarrierLabel) -> bool:
    """Return whether an operator has closed the order's own compensation or the label's by hand: it may be kept on purpose."""
    own = dead_letter_id(order_instance_id(label.order_id), CANCEL_SHIPPING)
    found = map(services().dead_letters.get, (own, _dead_letter_id(label)))
    return any(each is not None and each.dead_letter.state is DeadLetterState.RESOLVED for each in found)


def _left_over(label: CarrierLabel, use: LabelUse, result: StepResult, now: datetime) -> _Said:
    """Leave a label to an operator. One of an unknown order may be in use: no replay may give it back."""
    return _drift(label, use) if use is LabelUse.UNKNOWN_ORDER else _dead_letter(label, result, now)


def _drift(label: CarrierLabel, use: LabelUse) -> _Said:
    kind = LabelDriftKind.SENT_WITHOUT_ORDER if use is LabelUse.UNUSED else LabelDriftKind.UNKNOWN_ORDER
    drift = LabelDrift(kind=kind, shipment_id=label.shipment_id, order_id=label.order_id)
    return _Said(f"label drift {drift.model_dump_json()}")


def _cancellation(label: CarrierLabel) -> CancelShippingRequest:
    return CancelShippingRequest(order_id=label.order_id, shipment_id=label.shipment_id)


def _dead_letter(label: CarrierLabel, result: StepResult, now: datetime) -> _Said:
    """Leave it to an operator to give a label back. Its order has ended, and no end depends on this."""
    dead_letter = DeadLetter(
        dead_letter_id=_dead_letter_id(label),
        workflow=PROCESS_ORDER,
        key=label.order_id,
        step=CANCEL_SHIPPING,
        commands=(activity_command(CANCEL_SHIPPING, _cancellation(label)),),
        reason_code=result.reason_code,
        message=result.message,
        dead_lettered_at=now,
    )
    return _Said(dead_letter=services().dead_letters.store(dead_letter))


def _dead_letter_id(label: CarrierLabel) -> str:
    """Return an id that names the shipment, too: the order's own compensation may have been dead-lettered before."""
    return dead_letter_id(order_instance_id(label.order_id), f"{CANCEL_SHIPPING}.{label.shipment_id}")
