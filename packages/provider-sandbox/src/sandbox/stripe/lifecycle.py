"""The life of a PaymentIntent, pure: a payment and an action go in, the payment as it is then comes out.

`ALLOWED` says from which statuses an action may start; what it leads to is one small function per action. No status is
ever reached another way, and every amount that moves is on the charge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sandbox.stripe.errors import invalid_request, not_possible
from sandbox.stripe.intent import Charge, Method, PaymentIntent, Status
from sandbox.stripe.money import in_words
from sandbox.stripe.payment_methods import AUTHENTICATION_REQUIRED, GENERIC_DECLINE, Verdict
from sandbox.stripe.problem import Decline, Problem


class Action(StrEnum):
    """What a caller can ask for; the value is the participle in Stripe's list of allowed statuses."""

    CONFIRM = "confirmed"
    CAPTURE = "captured"
    CANCEL = "canceled"


ALLOWED: Mapping[Action, tuple[Status, ...]] = {
    Action.CONFIRM: (Status.REQUIRES_PAYMENT_METHOD, Status.REQUIRES_CONFIRMATION, Status.REQUIRES_ACTION),
    Action.CAPTURE: (Status.REQUIRES_CAPTURE,),
    Action.CANCEL: (
        Status.REQUIRES_PAYMENT_METHOD,
        Status.REQUIRES_CAPTURE,
        Status.REQUIRES_CONFIRMATION,
        Status.REQUIRES_ACTION,
        Status.PROCESSING,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """What became of the payment, and the error that the caller gets when the action changed it and still failed."""

    intent: PaymentIntent
    problem: Problem | None = None


def attach(intent: PaymentIntent, method: Method) -> PaymentIntent:
    """Replace the payment method. Raises StripeRefusal once the payment is under way."""
    _check_allowed(intent, Action.CONFIRM)
    return replace(intent, method=method, status=Status.REQUIRES_CONFIRMATION)


def change_amount(intent: PaymentIntent, amount: int) -> PaymentIntent:
    """Change the amount. Raises StripeRefusal once the payment is under way."""
    if intent.status not in ALLOWED[Action.CONFIRM]:
        raise not_possible(
            f"This PaymentIntent's amount could not be updated because it has a status of {intent.status}. You may only"
            " update the amount of a PaymentIntent with one of the following statuses: requires_payment_method,"
            " requires_confirmation, requires_action.",
            code="payment_intent_unexpected_state",
            param="amount",
            intent=intent,
        )
    return replace(intent, amount=amount)


def begin_confirmation(intent: PaymentIntent) -> None:
    """Raise StripeRefusal unless the payment can be confirmed now."""
    _check_allowed(intent, Action.CONFIRM)
    if intent.method is None:
        raise not_possible(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the"
            " PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a"
            " payment method or ConfirmationToken.",
            code="payment_intent_unexpected_state",
            intent=intent,
        )


def confirm(
    intent: PaymentIntent, verdict: Verdict, *, charge_id: str, now: int, decline: Decline | None = None
) -> Step:
    """Charge the attached method; the issuer's verdict decides what follows. decline: why, when it says no."""
    match verdict:
        case Verdict.APPROVED:
            return Step(intent=_approved(intent, charge_id, now))
        case Verdict.NEEDS_ACTION:
            return Step(intent=replace(intent, status=Status.REQUIRES_ACTION, failure=None, failed_method=None))
        case Verdict.PROCESSING:
            return Step(intent=replace(intent, status=Status.PROCESSING, failure=None, failed_method=None))
        case Verdict.DECLINED:
            return _declined(intent, decline or GENERIC_DECLINE, charge_id, now)


def authentication_missing(intent: PaymentIntent, *, charge_id: str, now: int, off_session: bool) -> Step:
    """Fail a payment that waits for the customer: the caller said that there is none, or that this counts as a failure."""
    if off_session:
        return _declined(intent, AUTHENTICATION_REQUIRED, charge_id, now)
    message = "This payment required an authentication action to complete, but `error_on_requires_action` was set."
    problem = Problem(status=402, type="card_error", code="authentication_required", message=message)
    return Step(intent=_failed(intent, problem, charge=intent.charge), problem=problem)


def capture(intent: PaymentIntent, amount: int | None, *, now: int) -> Step:
    """Take what was authorised, or part of it; the rest is given back. amount: None takes all."""
    if intent.status is Status.SUCCEEDED:
        raise not_possible(
            "The remaining amount on this PaymentIntent could not be captured because the remainder of the authorized"
            " amount has been released.",
            code="payment_intent_unexpected_state",
            intent=intent,
        )
    _check_allowed(intent, Action.CAPTURE)
    assert intent.charge is not None
    wanted = intent.capturable if amount is None else amount
    if wanted < 1:
        raise invalid_request(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if wanted > intent.capturable:
        raise not_possible(
            "The payment could not be captured because the requested capture amount is greater than the amount you can"
            " capture for this charge.",
            code="amount_too_large",
            intent=intent,
        )
    if intent.method is not None and intent.method.expires:
        return _expired(intent, now)
    return Step(intent=replace(intent, status=Status.SUCCEEDED, charge=replace(intent.charge, captured=wanted)))


def expire(intent: PaymentIntent, *, now: int) -> PaymentIntent:
    """End an authorisation that was not captured in time; the issuer gives it back by itself."""
    _check_allowed(intent, Action.CAPTURE)
    return replace(intent, status=Status.CANCELED, canceled_at=now, cancellation_reason="expired")


def cancel(intent: PaymentIntent, *, reason: str | None, now: int) -> PaymentIntent:
    """Give back what is held; nothing can be captured or refunded afterwards."""
    _check_allowed(intent, Action.CANCEL)
    return replace(intent, status=Status.CANCELED, canceled_at=now, cancellation_reason=reason)


def refund(intent: PaymentIntent, amount: int | None) -> tuple[PaymentIntent, int]:
    """Pay back what was captured, or part of it. amount: None pays back all that is left.

    Returns the payment and the amount paid back.
    """
    charge = intent.charge
    if charge is None or charge.captured == 0:
        raise not_possible(
            f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.", code=None, intent=intent
        )
    left = charge.captured - charge.refunded
    if left == 0:
        raise not_possible(
            f"Charge {charge.id} has already been refunded.", code="charge_already_refunded", intent=intent
        )
    wanted = left if amount is None else amount
    if wanted > left:
        raise not_possible(
            f"Refund amount ({in_words(wanted, intent.currency)}) is greater than unrefunded amount on charge"
            f" ({in_words(left, intent.currency)})",
            code=None,
            param="amount",
            intent=intent,
        )
    return replace(intent, charge=replace(charge, refunded=charge.refunded + wanted)), wanted


def refund_failed(intent: PaymentIntent, amount: int) -> PaymentIntent:
    """Take a refund back that the customer's bank has returned."""
    charge = intent.charge
    assert charge is not None
    return replace(intent, charge=replace(charge, refunded=charge.refunded - amount))


def _approved(intent: PaymentIntent, charge_id: str, now: int) -> PaymentIntent:
    charge = Charge(
        id=charge_id,
        amount=intent.amount,
        created=now,
        approved=True,
        captured=0 if intent.manual_capture else intent.amount,
    )
    status = Status.REQUIRES_CAPTURE if intent.manual_capture else Status.SUCCEEDED
    return replace(intent, status=status, charge=charge, failure=None, failed_method=None)


def _declined(intent: PaymentIntent, decline: Decline, charge_id: str, now: int) -> Step:
    charge = Charge(id=charge_id, amount=intent.amount, created=now, approved=False, decline=decline)
    problem = Problem(
        status=402,
        type="card_error",
        code=decline.code,
        decline_code=decline.decline_code,
        message=decline.message,
        charge=charge_id,
    )
    return Step(intent=_failed(intent, problem, charge=charge), problem=problem)


def _failed(intent: PaymentIntent, problem: Problem, *, charge: Charge | None) -> PaymentIntent:
    return replace(
        intent,
        status=Status.REQUIRES_PAYMENT_METHOD,
        charge=charge,
        failure=problem,
        failed_method=intent.method,
        method=None,
    )


def _expired(intent: PaymentIntent, now: int) -> Step:
    assert intent.charge is not None
    problem = Problem(
        status=400,
        type="invalid_request_error",
        code="charge_expired_for_capture",
        message="The charge cannot be captured as the authorization has expired.",
        charge=intent.charge.id,
    )
    return Step(intent=expire(intent, now=now), problem=problem)


_REFUSALS = {
    Action.CONFIRM: "You cannot confirm this PaymentIntent because it has a status of {status}.",
    Action.CAPTURE: "This PaymentIntent could not be captured because it has a status of {status}.",
    Action.CANCEL: "You cannot cancel this PaymentIntent because it has a status of {status}.",
}


def _check_allowed(intent: PaymentIntent, action: Action) -> None:
    if intent.status in ALLOWED[action]:
        return
    allowed = ", ".join(ALLOWED[action])
    raise not_possible(
        _REFUSALS[action].format(status=intent.status)
        + f" Only a PaymentIntent with one of the following statuses may be {action}: {allowed}.",
        code="payment_intent_unexpected_state",
        intent=intent,
    )
