"""The course of an order as a timeline: what was done, what is under way, and what is to come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from domain.orders import steps as names
from domain.orders.order import Order, OrderProgress, OrderStatus
from domain.workflows.steps import LedgerEntry, Outcome, StepUnderWay

_PLAN: Final = (
    names.RESERVE_INVENTORY,
    names.WAIT_FOR_APPROVAL,
    names.AUTHORISE_PAYMENT,
    names.CREATE_SHIPMENT,
    names.BUY_LABEL,
    names.CAPTURE_PAYMENT,
    names.COMMIT_INVENTORY,
    names.NOTIFY_CUSTOMER,
)

_NEXT: Final[Mapping[OrderStatus, str]] = {
    OrderStatus.ACCEPTED: "Next, the goods are reserved.",
    OrderStatus.RESERVED: "Next, the customer's payment is authorised.",
    OrderStatus.AWAITING_APPROVAL: "An approver decides. Without a decision in time the order is rejected, and compensated.",
    OrderStatus.AUTHORISED: "Next, the parcel is booked.",
    OrderStatus.SHIPPING_BOOKED: "Next, the payment is captured. After that the order can no longer be cancelled.",
    OrderStatus.COMPLETED: "The order has come to its end.",
    OrderStatus.REJECTED: "The order has come to its end: everything is compensated.",
    OrderStatus.CANCELLED: "The order has come to its end: everything is compensated.",
    OrderStatus.FAILED: "The order has come to its end: everything is compensated.",
    OrderStatus.NEEDS_ATTENTION: "An operator has to settle what is open. Nothing happens by itself.",
}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One point of the timeline.

    Attributes:
        tone: How it is drawn: done, refused, faulted, unknown, under_way or to_come.
        error: Why the attempt before failed, of a step under way.
        next_attempt_at: When the next one begins.
    """

    step: str
    tone: str
    is_compensation: bool = False
    at: datetime | None = None
    attempts: int = 0
    message: str | None = None
    reason_code: str | None = None
    reference: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    next_attempt_at: datetime | None = None


def timeline(progress: OrderProgress, order: Order | None, *, is_running: bool) -> tuple[Moment, ...]:
    """Return the timeline of an order, oldest first. order: None where it is not known what was ordered."""
    past = tuple(_past(entry) for entry in progress.steps)
    present = () if progress.step is None or not is_running else (_present(progress.step),)
    return (*past, *present, *(_future(progress, order) if is_running else ()))


def ledger_timeline(ledger: Sequence[LedgerEntry], step: StepUnderWay | None) -> tuple[Moment, ...]:
    """Return the timeline of a run of another workflow, oldest first."""
    return (*(_past(entry) for entry in ledger), *(() if step is None else (_present(step),)))


def what_follows(progress: OrderProgress) -> str:
    """Return one sentence on what happens next."""
    step = progress.step
    if step is not None and step.next_attempt_at is not None:
        return "The step has failed, and is tried again by itself."
    return _NEXT[progress.status]


def _past(entry: LedgerEntry) -> Moment:
    return Moment(
        step=entry.step,
        tone=str(entry.outcome),
        is_compensation=entry.kind == "compensation",
        at=entry.at,
        attempts=entry.attempts,
        message=entry.message,
        reason_code=entry.reason_code,
        reference=entry.reference,
        facts=entry.facts or {},
    )


def _present(step: StepUnderWay) -> Moment:
    return Moment(
        step=step.name,
        tone="under_way",
        attempts=step.attempt,
        error=step.last_error,
        next_attempt_at=step.next_attempt_at,
    )


def _future(progress: OrderProgress, order: Order | None) -> Iterator[Moment]:
    """Yield the steps to come of an order that goes forward."""
    is_going_back = any(entry.kind == "compensation" or entry.outcome is not Outcome.DONE for entry in progress.steps)
    if is_going_back:
        return
    begun = {entry.step for entry in progress.steps} | ({progress.step.name} if progress.step else set())
    for name in _PLAN:
        is_needed = name != names.WAIT_FOR_APPROVAL or (order is not None and order.needs_approval)
        if name not in begun and is_needed:
            yield Moment(step=name, tone="to_come")
