"""List the shop's payments at Stripe: those that were made in a span of time, then those that were paid back in it.

Stripe lists neither by metadata nor by the time of the last change. A payment that was made before the span changes by what is
known of it (it was open, and is found by its id) or by a refund, which Stripe lists by its own time
(https://docs.stripe.com/api/payment_intents/list, https://docs.stripe.com/api/refunds/list). Both lists show the charge with each
payment (https://docs.stripe.com/expand), so that a page is one call.

A refund that has succeeded may fail weeks later, when the customer's bank returns it (https://docs.stripe.com/refunds#failed-refunds).
Stripe does not list by that time either. So the first span of every day reads the refunds of the weeks before it once more. Of a
payment that was paid back, the list of its refunds says how much: a call more for each of these, which are few.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil, floor
from typing import Final

from adapters.stripe.detailed import DetailedIntent
from adapters.stripe.errors import RequestRefused
from adapters.stripe.gateway import StripeGateway
from adapters.stripe.mark import marked_order
from domain.errors import ProviderRefused
from domain.page import Page
from domain.payments.listing import FindPayment, ListPayments, ProviderPayment
from domain.payments.providers import STRIPE

_PAYMENTS: Final = "payments"
_REFUNDS: Final = "refunds"
_ENDED: Final = ("succeeded", "canceled")
_MISSING: Final = "resource_missing"
_NOT_PAID_BACK: Final = ("failed", "canceled")
# Stripe names no limit; banks return refunds within 30 days.
_FAILS_WITHIN_S: Final = 45 * 86_400


class StripeListing:
    """Every method raises ProviderUnavailable, and ProviderRefused when Stripe does not answer for this key."""

    def __init__(self, gateway: StripeGateway) -> None:
        self._stripe = gateway

    def page(self, wanted: ListPayments) -> Page[ProviderPayment]:
        """Return a page. A cursor is the list that is read, and the last object of the page before."""
        reading, _, after = (wanted.cursor or _PAYMENTS).partition(":")
        # Stripe dates in whole seconds.
        since, until = floor(wanted.since.timestamp()), ceil(wanted.until.timestamp())
        try:
            if reading == _PAYMENTS:
                intents, has_more = self._stripe.intents_between(since, until, after or None)
                following = f"{_PAYMENTS}:{intents[-1].id}" if has_more and intents else _REFUNDS
                return Page(list(_marked(wanted.namespace, intents)), following)
            earliest = since - _FAILS_WITHIN_S if _begins_day(wanted) else since
            refunds, has_more = self._stripe.refunds_between(earliest, until, after or None)
            changed = {
                refund.payment_intent.id: refund.payment_intent
                for refund in refunds
                if refund.payment_intent is not None and (refund.created >= since or refund.status in _NOT_PAID_BACK)
            }
            paid_back = [self._with_refunds(each) for each in _marked(wanted.namespace, [*changed.values()])]
        except RequestRefused as refusal:
            raise ProviderRefused(f"Stripe does not list payments ({refusal.code})") from None
        return Page(paid_back, f"{_REFUNDS}:{refunds[-1].id}" if has_more and refunds else None)

    def find(self, wanted: FindPayment) -> ProviderPayment | None:
        """Return one payment as it is now; None when there is none of this id with the shop's mark."""
        try:
            intent = self._stripe.retrieve_detailed(wanted.payment_id)
            found = next(_marked(wanted.namespace, [intent]), None)
            return None if found is None else self._with_refunds(found)
        except RequestRefused as refusal:
            if refusal.code == _MISSING:
                return None
            raise ProviderRefused(f"Stripe does not show the payment ({refusal.code})") from None

    def _with_refunds(self, payment: ProviderPayment) -> ProviderPayment:
        """Return a payment with what its refunds say, if it was captured: a charge does not show those that failed."""
        if payment.captured_cents == 0:
            return payment
        refunds = self._stripe.refunds(payment.payment_id)
        failed = sum(each.amount for each in refunds if each.status in _NOT_PAID_BACK)
        refunded = sum(each.amount for each in refunds) - failed
        return payment.model_copy(update={"refunded_cents": refunded, "failed_refund_cents": failed})


def _begins_day(wanted: ListPayments) -> bool:
    return wanted.since.astimezone(UTC).date() != wanted.until.astimezone(UTC).date()


def _marked(namespace: str, intents: list[DetailedIntent]) -> Iterator[ProviderPayment]:
    for intent in intents:
        order_id = marked_order(namespace, intent.metadata)
        if order_id is not None:
            yield _payment(intent, order_id)


def _payment(intent: DetailedIntent, order_id: str) -> ProviderPayment:
    charge = intent.latest_charge
    dated = (intent.created, intent.canceled_at or 0, charge.created if charge is not None else 0)
    return ProviderPayment(
        provider=STRIPE,
        payment_id=intent.id,
        order_id=order_id,
        currency=intent.currency,
        amount_cents=intent.amount,
        held_cents=intent.amount_capturable,
        captured_cents=intent.amount_received,
        refunded_cents=charge.amount_refunded if charge is not None else 0,
        has_ended=intent.status in _ENDED,
        changed_at=datetime.fromtimestamp(max(dated), UTC),
    )
