"""Compare the payments at a provider with the orders that they are marked with. Pure: what was read in, differences out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.clocks import is_plausible
from domain.ids import DriftId, digest_id
from domain.payments.listing import ProviderPayment
from domain.payments.providers import ProviderName
from domain.wire import Wire


class PaymentDriftKind(StrEnum):
    """The kind of a difference between a payment and its order."""

    AUTHORISED_WITHOUT_LIVE_ORDER = "authorised_without_live_order"
    CAPTURED_WITHOUT_COMPLETED_ORDER = "captured_without_completed_order"
    REFUNDED_TOO_LITTLE = "refunded_too_little"
    REFUNDED_TOO_MUCH = "refunded_too_much"
    NOT_CAPTURED = "not_captured"  # the order is completed, and its money was not taken
    NOT_PAID = "not_paid"  # the order is completed, and the provider has no payment for it
    REFUND_FAILED = "refund_failed"  # the customer's bank returned a refund, as it may weeks later
    CHARGED_TWICE = "charged_twice"  # another payment of the same order holds or keeps money too
    AMOUNT_DIFFERS = "amount_differs"
    CURRENCY_DIFFERS = "currency_differs"


_Kind = PaymentDriftKind
NEXT_ACTION: Final[Mapping[PaymentDriftKind, str]] = {
    _Kind.AUTHORISED_WITHOUT_LIVE_ORDER: "Cancel the payment at the provider: no order will capture it.",
    _Kind.CAPTURED_WITHOUT_COMPLETED_ORDER: "Refund the payment at the provider: the customer gets no goods for it.",
    _Kind.REFUNDED_TOO_LITTLE: "Refund the rest at the provider: the customer gets no goods.",
    _Kind.REFUNDED_TOO_MUCH: "Find out who refunded it. If that was intended, "
    "POST /api/reconciliation/payments/{drift_id}/resolve closes the difference.",
    _Kind.NOT_CAPTURED: "Capture the payment at the provider while it is held; otherwise charge the customer anew.",
    _Kind.NOT_PAID: "Look for the payment in the provider's account. If there is none, charge the customer anew; "
    "POST /api/reconciliation/payments/{drift_id}/resolve closes the difference.",
    _Kind.REFUND_FAILED: "Pay the customer back in another way, by bank transfer: the money is in the provider's account again. "
    "POST /api/reconciliation/payments/{drift_id}/resolve closes the difference.",
    _Kind.CHARGED_TWICE: "Cancel or refund this payment at the provider: the order is paid by another one.",
    _Kind.AMOUNT_DIFFERS: "Compare the payment with the order; refund or charge the difference.",
    _Kind.CURRENCY_DIFFERS: "Compare the payment with the order; refund it and charge the customer anew.",
}


class PaymentDrift(Wire):
    """A difference between a payment and its order, and what to do about it. Amounts are in the smallest unit.

    Attributes:
        drift_id: The same for the same difference; another one once more money has moved.
        order_status: None when no such order is known.
        amount_cents: What the payment was made for.
        expected_cents: What the customer should have paid for the order; 0 for one without goods.
        dead_letter_id: The open dead letter of the order's compensation, which will settle this.
    """

    drift_id: DriftId
    kind: PaymentDriftKind
    provider: ProviderName
    payment_id: str
    order_id: str
    order_status: str | None
    currency: str
    amount_cents: int
    held_cents: int
    captured_cents: int
    refunded_cents: int
    expected_cents: int | None
    expected_currency: str | None
    dead_letter_id: str | None = None
    next_action: str


@dataclass(frozen=True, kw_only=True)
class OrderMoney:
    """What is known of an order, as far as its payment is concerned.

    Attributes:
        status: None when no such order is known.
        is_live: Whether it is under way.
        is_paid: Whether it is past its payment for good.
        total_cents: None for an order that came in past the repository.
        payment_id: The provider's id of its payment; None until it is recorded.
        changed_at: The last change that is recorded.
    """

    order_id: str
    status: str | None = None
    is_live: bool = False
    is_paid: bool = False
    total_cents: int | None = None
    currency: str | None = None
    payment_id: str | None = None
    changed_at: datetime | None = None


def find_payment_drift(payments: Sequence[ProviderPayment], order: OrderMoney) -> Iterator[PaymentDrift]:
    """Yield the differences of one order.

    Args:
        payments: The payments that are marked with the order, as far as they were read.
        order: The order, read after them.
    """
    own = _own(payments, order)
    for payment in payments:
        kind = _difference(payment, order, is_own=payment.payment_id == own)
        if kind is not None:
            yield _drift(kind, payment, order)


def is_settled(payment: ProviderPayment, order: OrderMoney) -> bool:
    """Return whether the payment needs no further look: a refund would bring it back."""
    return not order.is_live and (payment.has_ended or not payment.has_money)


def is_quiet(payment: ProviderPayment, order: OrderMoney, grace: timedelta, now: datetime) -> bool:
    """Return whether payment and order have not changed for so long that no step of the order is between them.

    A payment that the provider dates far ahead is as old as its order: otherwise its difference would never be one.
    """
    changes = [payment.changed_at] if is_plausible(payment.changed_at, now) else []
    if order.changed_at is not None and not (order.is_live and changes):
        changes.append(order.changed_at)
    return all(now - changed_at >= grace for changed_at in changes)


def _own(payments: Sequence[ProviderPayment], order: OrderMoney) -> str | None:
    """Return the payment that the order is paid by. While none is recorded, it is the first one that has money."""
    if order.payment_id is not None:
        return order.payment_id
    with_money = [payment for payment in payments if payment.has_money] or list(payments)
    return min(with_money, key=lambda payment: payment.changed_at).payment_id if with_money else None


def _difference(payment: ProviderPayment, order: OrderMoney, *, is_own: bool) -> PaymentDriftKind | None:
    if not is_own and (order.is_live or order.is_paid):
        return _Kind.CHARGED_TWICE if payment.has_money else None
    if order.is_live:
        return _other_sum(payment, order) if payment.has_money else None
    return _of_paid_order(payment, order) if order.is_paid else _without_goods(payment)


def _of_paid_order(payment: ProviderPayment, order: OrderMoney) -> PaymentDriftKind | None:
    if payment.is_missing:
        return _Kind.NOT_PAID
    if payment.captured_cents == 0:
        return _Kind.NOT_CAPTURED
    if payment.failed_refund_cents > 0 and payment.refunded_cents == 0:
        return _Kind.REFUND_FAILED
    if payment.refunded_cents > 0:
        return _Kind.REFUNDED_TOO_MUCH
    return _other_sum(payment, order)


def _other_sum(payment: ProviderPayment, order: OrderMoney) -> PaymentDriftKind | None:
    if order.total_cents is None:
        return None
    if payment.currency != order.currency:
        return _Kind.CURRENCY_DIFFERS
    taken = payment.captured_cents or payment.amount_cents
    return _Kind.AMOUNT_DIFFERS if taken != order.total_cents else None


def _without_goods(payment: ProviderPayment) -> PaymentDriftKind | None:
    if payment.held_cents > 0:
        return _Kind.AUTHORISED_WITHOUT_LIVE_ORDER
    if payment.kept_cents <= 0:
        return None
    if payment.failed_refund_cents > 0:
        return _Kind.REFUND_FAILED
    return _Kind.REFUNDED_TOO_LITTLE if payment.refunded_cents > 0 else _Kind.CAPTURED_WITHOUT_COMPLETED_ORDER


def _drift(kind: PaymentDriftKind, payment: ProviderPayment, order: OrderMoney) -> PaymentDrift:
    amounts = (payment.held_cents, payment.captured_cents, payment.refunded_cents)
    named = (payment.provider, payment.payment_id, kind, *map(str, amounts))
    drift_id = digest_id("|".join(named))
    has_goods = order.is_live or order.is_paid
    return PaymentDrift(
        drift_id=drift_id,
        kind=kind,
        provider=payment.provider,
        payment_id=payment.payment_id,
        order_id=payment.order_id,
        order_status=order.status,
        currency=payment.currency,
        amount_cents=payment.amount_cents,
        held_cents=payment.held_cents,
        captured_cents=payment.captured_cents,
        refunded_cents=payment.refunded_cents,
        expected_cents=order.total_cents if has_goods and kind is not _Kind.CHARGED_TWICE else 0,
        expected_currency=order.currency,
        next_action=NEXT_ACTION[kind].format(drift_id=drift_id),
    )
