"""What an order shows of its payment, its parcel and its approval: derived from its ledger, which is what is known of them."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from domain.orders import steps as names
from domain.orders.order import Order
from domain.payments.payment import REFUNDED, VOIDED
from domain.payments.providers import ProviderName
from domain.shipping.shipment import CARRIER, SERVICE, TRACKING_URL
from domain.shipping.tracking import ParcelStatus, Tracking
from domain.wire import Timestamp, Wire
from domain.workflows.approval_wait import ApprovalWait
from domain.workflows.commands import NOTHING_TO_COMPENSATE
from domain.workflows.decision import SettledApproval
from domain.workflows.decision_words import Decision
from domain.workflows.steps import LedgerEntry, Outcome, StepUnderWay

_MOVES_MONEY: Final = (names.AUTHORISE_PAYMENT, names.CAPTURE_PAYMENT, names.CANCEL_PAYMENT)


class OrderedLine(Wire):
    """The units of one product, at the price they were sold at."""

    product_id: str
    name: str | None
    quantity: int
    unit_price_cents: int
    line_total_cents: int


class OrderPaymentState(StrEnum):
    """What became of the customer's money, as far as the ledger shows."""

    NONE = "none"  # nothing was asked of the provider, or there was nothing to compensate
    AUTHORISED = "authorised"  # held, not taken
    CAPTURED = "captured"  # taken; of an invoice: issued
    VOIDED = "voided"  # was held, and is free again
    REFUNDED = "refunded"  # was taken, and is paid back
    REFUSED = "refused"  # the provider refused it
    UNKNOWN = "unknown"  # the provider did not answer: it may be held or taken
    SETTLED = "settled"  # an operator has settled it by hand


class OrderPayment(Wire):
    """The payment of an order.

    Attributes:
        provider: Where it is made.
        payment_id: The provider's id; None until there is one.
        state: What became of the money.
        at: When that came to be.
    """

    provider: ProviderName
    payment_id: str | None
    amount_cents: int
    currency: str
    state: OrderPaymentState
    at: Timestamp | None


class OrderParcel(Wire):
    """The parcel of an order.

    Attributes:
        state: announced: nothing is paid for it. booked: its label is bought. cancelled: the label was given back.
        shipment_id: The carrier service's id.
        tracking_url: The page that shows its way.
        status: Where it is; None before the carrier was first polled.
        seen_at: Since when it has the status.
    """

    state: Literal["announced", "booked", "cancelled"]
    shipment_id: str | None
    carrier: str | None
    service: str | None
    tracking_code: str | None
    tracking_url: str | None
    status: ParcelStatus | None
    seen_at: Timestamp | None


class OrderApproval(Wire):
    """The approval of an order that needs one.

    Attributes:
        wait: Until when the order waits; None before and after.
        approvers_needed: How many have to approve it while it waits; None before and after.
        first_approver: Who of two has approved it while it waits; None before that and after.
        decision: None while there is none.
        approver: Who decided; `time-out` when no approver did in time.
        decided_at: When the order went on by the decision.
    """

    wait: ApprovalWait | None = None
    approvers_needed: int | None = None
    first_approver: str | None = None
    decision: Decision | None = None
    approver: str | None = None
    comment: str | None = None
    decided_at: Timestamp | None = None


class KnownApproval(NamedTuple):
    """What is recorded of the approval of an order. needs_two: it is above the second limit."""

    decision: SettledApproval | None = None
    needs_two: bool = False
    first_approver: str | None = None


def ordered_lines(order: Order) -> tuple[OrderedLine, ...]:
    """Return the lines of an order."""
    return tuple(
        OrderedLine(
            product_id=line.product_id,
            name=line.name,
            quantity=line.quantity,
            unit_price_cents=line.unit_price_cents,
            line_total_cents=line.total_cents,
        )
        for line in order.lines
    )


def payment_of(order: Order, ledger: Iterable[LedgerEntry], step: StepUnderWay | None = None) -> OrderPayment:
    """Return the payment of an order as its ledger shows it, and the step under way, whose request may have acted unanswered."""
    state, at, payment_id = OrderPaymentState.NONE, None, None
    for entry in ledger:
        following = _following(state, entry, is_taken_at_once=order.policy.capture == "immediate")
        if following is not state:
            state, at = following, entry.at
        if entry.step in _MOVES_MONEY:
            payment_id = payment_id or entry.reference
    if step is not None and step.name in _MOVES_MONEY and step.last_error is not None:
        state, at = OrderPaymentState.UNKNOWN, None
    return OrderPayment(
        provider=order.payment_provider,
        payment_id=payment_id,
        amount_cents=order.total_cents,
        currency=order.currency,
        state=state,
        at=at,
    )


def parcel_of(ledger: Sequence[LedgerEntry], tracking: Tracking | None) -> OrderParcel | None:
    """Return the parcel of an order as its ledger shows it; None before it is announced to the carrier."""
    announced, booked = _last_done(ledger, names.CREATE_SHIPMENT), _last_done(ledger, names.BUY_LABEL)
    if announced is None and booked is None:
        return None
    cancelled = _last_done(ledger, names.CANCEL_SHIPPING)
    facts = {} if booked is None else booked.facts or {}
    is_tracked = tracking is not None and booked is not None and tracking.code == booked.reference
    return OrderParcel(
        state="cancelled" if cancelled else "booked" if booked else "announced",
        shipment_id=None if announced is None else announced.reference,
        carrier=facts.get(CARRIER),
        service=facts.get(SERVICE),
        tracking_code=None if booked is None else booked.reference,
        tracking_url=facts.get(TRACKING_URL),
        status=tracking.status if tracking is not None and is_tracked else None,
        seen_at=tracking.seen_at if tracking is not None and is_tracked else None,
    )


def approval_of(
    order: Order, ledger: Sequence[LedgerEntry], wait: ApprovalWait | None, known: KnownApproval
) -> OrderApproval | None:
    """Return the approval of an order; None for one that needs none."""
    settled = known.decision
    if not order.needs_approval:
        return None
    if settled is None and wait is None:
        return OrderApproval()
    if settled is None:
        return OrderApproval(
            wait=wait, approvers_needed=2 if known.needs_two else 1, first_approver=known.first_approver
        )
    decided_at = next((entry.at for entry in ledger if entry.step == names.WAIT_FOR_APPROVAL), None)
    return OrderApproval(
        wait=wait,
        decision=settled.decision.decision,
        approver=settled.decision.approver,
        comment=settled.decision.comment,
        decided_at=decided_at,
    )


def _following(state: OrderPaymentState, entry: LedgerEntry, *, is_taken_at_once: bool) -> OrderPaymentState:
    """Return the state of a payment after one more entry of the ledger."""
    if entry.step == names.AUTHORISE_PAYMENT:
        secured = OrderPaymentState.CAPTURED if is_taken_at_once else OrderPaymentState.AUTHORISED
        return {Outcome.DONE: secured, Outcome.UNKNOWN: OrderPaymentState.UNKNOWN}.get(
            entry.outcome, OrderPaymentState.REFUSED
        )
    if entry.step == names.CAPTURE_PAYMENT:
        return {Outcome.DONE: OrderPaymentState.CAPTURED, Outcome.UNKNOWN: OrderPaymentState.UNKNOWN}.get(
            entry.outcome, state
        )
    if entry.step == names.CANCEL_PAYMENT:
        return _after_compensation(state, entry)
    return state


def _after_compensation(state: OrderPaymentState, entry: LedgerEntry) -> OrderPaymentState:
    if entry.outcome is not Outcome.DONE:  # of a ledger that was lost, it may be all that is known
        return OrderPaymentState.UNKNOWN if state is OrderPaymentState.NONE else state
    if entry.message == NOTHING_TO_COMPENSATE:
        return OrderPaymentState.REFUSED if state is OrderPaymentState.REFUSED else OrderPaymentState.NONE
    known = {REFUNDED: OrderPaymentState.REFUNDED, VOIDED: OrderPaymentState.VOIDED}
    return known.get(entry.message or "", OrderPaymentState.SETTLED)


def _last_done(ledger: Sequence[LedgerEntry], step: str) -> LedgerEntry | None:
    return next((each for each in reversed(ledger) if each.step == step and each.outcome is Outcome.DONE), None)
