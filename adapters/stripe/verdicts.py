"""Decide what a payment's state, or a refusal, means for a step. Pure: a payment in, a result out.

A verdict of None means that the step is still to be done.
"""

from typing import Final

from adapters.stripe.errors import KeyMisused, RequestRefused, safe_code
from adapters.stripe.gateway import Intent
from domain.errors import ProviderUnavailable
from domain.payments.payment import REFUNDED, VOIDED, CaptureRequest, PaymentRequest
from domain.workflows.commands import NOTHING_TO_COMPENSATE
from domain.workflows.steps import StepResult

# Stripe's reasons for cancelling a payment by itself: the bank has released the money.
_EXPIRED_REASONS: Final = frozenset({"automatic", "expired"})
_NOT_CHARGEABLE: Final = frozenset(
    {"amount_too_small", "amount_too_large", "invalid_charge_amount_no_decimal_compatible"}
)
_ACTION_REQUIRED: Final = "the customer's bank requires an authentication"


def authorised(request: PaymentRequest, intent: Intent) -> StepResult | None:
    """Decide whether the money is secured."""
    if (intent.amount, intent.currency) != (request.amount_cents, request.currency):
        return faulted("amount_differs")
    match intent.status:
        case "requires_capture" | "succeeded":
            return _secured(intent, max(intent.amount_capturable, intent.amount_received), request.amount_cents)
        case "requires_action":
            return StepResult.refused("action_required", _ACTION_REQUIRED, intent.id)
        case "canceled":
            return _over_before(intent)
        case "requires_payment_method" if intent.last_payment_error is not None:
            error = intent.last_payment_error
            return declined(safe_code(error.decline_code, error.code), intent.id)
    return None


def captured(request: CaptureRequest, intent: Intent) -> StepResult | None:
    """Decide whether the money is taken."""
    match intent.status:
        case "succeeded":
            return _secured(intent, intent.amount_received, request.amount_cents)
        case "canceled":
            return _over_before(intent)
        case "requires_capture" | "processing":
            return None
    return faulted("not_authorised")


def voided(held: bool, intent: Intent) -> StepResult | None:
    """Decide whether the payment has ended without money having been taken. held: whether money was held before."""
    if intent.status == "succeeded":
        raise ProviderUnavailable("the payment was captured meanwhile")
    return over(held, intent) if intent.status == "canceled" else None


def over(held: bool, intent: Intent) -> StepResult:
    """Return the result for a cancelled payment. held: whether money was held before."""
    return StepResult(reference=intent.id, message=VOIDED if held else NOTHING_TO_COMPENSATE)


def refunded(intent: Intent) -> StepResult:
    """Return the result for a payment that was paid back."""
    return StepResult(reference=intent.id, message=REFUNDED)


def declined(code: str, payment_id: str | None = None) -> StepResult:
    """Return the refusal by the issuer. code: Stripe's decline code."""
    if code == "authentication_required":
        return StepResult.refused("action_required", _ACTION_REQUIRED, payment_id)
    return StepResult.refused("payment_declined", f"the card was declined ({code})", payment_id)


def expired(payment_id: str) -> StepResult:
    """Return the refusal of a capture after the bank has released the money."""
    return StepResult.refused("authorisation_expired", "the bank has released the authorised money", payment_id)


def no_method() -> StepResult:
    """Return the refusal of a payment that names nothing to charge."""
    return StepResult.refused("payment_method_invalid", "the payment names no payment method")


def not_made(refusal: RequestRefused) -> StepResult:
    """Return what it means that Stripe does not take such a payment."""
    if refusal.param == "payment_method":
        return StepResult.refused("payment_method_invalid", "the payment provider does not know the payment method")
    if refusal.code in _NOT_CHARGEABLE or refusal.param == "amount":
        message = f"the payment provider does not take such an amount ({refusal.code})"
        return StepResult.refused("amount_not_chargeable", message)
    return faulted(refusal.code)


def not_done(refusal: RequestRefused | KeyMisused, payment_id: str) -> StepResult:
    """Return what it means that Stripe refused a step, and the payment shows that it was not done."""
    if isinstance(refusal, KeyMisused):
        return faulted("idempotency_conflict")
    return expired(payment_id) if refusal.code == "charge_expired_for_capture" else faulted(refusal.code)


def faulted(code: str) -> StepResult:
    """Return a fault that no repeat would mend. code: Stripe's, or ours for an answer that cannot be accepted."""
    return StepResult.faulted("payment_request_refused", f"the payment cannot be processed ({code})")


def _secured(intent: Intent, amount: int, asked: int) -> StepResult:
    return StepResult(reference=intent.id) if amount == asked else faulted("amount_differs")


def _over_before(intent: Intent) -> StepResult:
    """Return the refusal for a payment that has ended. One that an earlier run had authorised may have expired since."""
    if intent.cancellation_reason in _EXPIRED_REASONS:
        return expired(intent.id)
    return StepResult.refused("payment_cancelled", "the payment was cancelled before", intent.id)
