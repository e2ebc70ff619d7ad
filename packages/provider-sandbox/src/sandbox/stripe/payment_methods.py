"""Stripe's test payment methods, and what the issuer says when one is charged.

`pm_card_visa` and its like are approved; the declines are those of Stripe's testing page, with or without the brand in
the name (`pm_card_visa_chargeDeclined`, `pm_card_chargeDeclined`). Two exist only here:
`pm_sandbox_authorisationExpires` is authorised, but its authorisation has expired when it is to be captured;
`pm_sandbox_processing` stays `processing` until `/sandbox/payments/{id}/settle` says how it ended.
"""

import re
from dataclasses import dataclass
from enum import Enum

from sandbox.stripe.errors import StripeRefusal, no_such
from sandbox.stripe.problem import Decline, Problem


class Verdict(Enum):
    """What becomes of an attempt to charge."""

    APPROVED = "approved"
    DECLINED = "declined"
    NEEDS_ACTION = "needs_action"
    PROCESSING = "processing"


@dataclass(frozen=True, kw_only=True)
class TestMethod:
    """decline: given when the verdict is DECLINED. expires: the authorisation cannot be captured any more."""

    brand: str = "visa"
    verdict: Verdict = Verdict.APPROVED
    decline: Decline | None = None
    expires: bool = False


def _declined(code: str, decline_code: str | None, message: str) -> TestMethod:
    return TestMethod(verdict=Verdict.DECLINED, decline=Decline(code=code, decline_code=decline_code, message=message))


GENERIC_DECLINE = Decline(code="card_declined", decline_code="generic_decline", message="Your card was declined.")
AUTHENTICATION_REQUIRED = Decline(
    code="authentication_required",
    decline_code="authentication_required",
    message="Your card was declined. This transaction requires authentication.",
)
AUTHENTICATION_FAILED = Decline(
    code="payment_intent_authentication_failure",
    decline_code=None,
    message="The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new"
    " PaymentMethod to attempt to fulfill this PaymentIntent again.",
)
_GENERIC = GENERIC_DECLINE.message
_PROCESSING = "An error occurred while processing your card. Try again in a little bit."
_TABLE = {
    "visa": TestMethod(),
    "visa_debit": TestMethod(),
    "mastercard": TestMethod(brand="mastercard"),
    "mastercard_debit": TestMethod(brand="mastercard"),
    "amex": TestMethod(brand="amex"),
    "discover": TestMethod(brand="discover"),
    "us": TestMethod(),
    "chargeDeclined": _declined("card_declined", "generic_decline", _GENERIC),
    "chargeDeclinedInsufficientFunds": _declined(
        "card_declined", "insufficient_funds", "Your card has insufficient funds."
    ),
    "chargeDeclinedLostCard": _declined("card_declined", "lost_card", _GENERIC),
    "chargeDeclinedStolenCard": _declined("card_declined", "stolen_card", _GENERIC),
    "chargeDeclinedFraudulent": _declined("card_declined", "fraudulent", _GENERIC),
    "chargeDeclinedVelocityLimitExceeded": _declined(
        "card_declined",
        "card_velocity_exceeded",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    ),
    "chargeDeclinedExpiredCard": _declined("expired_card", None, "Your card has expired."),
    "chargeDeclinedIncorrectCvc": _declined("incorrect_cvc", None, "Your card's security code is incorrect."),
    "chargeDeclinedProcessingError": _declined("processing_error", None, _PROCESSING),
    "authenticationRequired": TestMethod(verdict=Verdict.NEEDS_ACTION),
    "threeDSecure2Required": TestMethod(verdict=Verdict.NEEDS_ACTION),
}
_SANDBOX_ONLY = {
    "pm_sandbox_authorisationExpires": TestMethod(expires=True),
    "pm_sandbox_processing": TestMethod(verdict=Verdict.PROCESSING),
}
# Not within a word: the ids of payment methods hold runs of digits too.
_CARD_NUMBER = re.compile(r"(?<!\w)(?:\d[ -]?){12,18}\d(?!\w)")
_LONG_NUMBER = re.compile(r"\d{12,}")


def look_up(name: str) -> TestMethod:
    """Return the test method of that name. Raises StripeRefusal for an unknown one and for a raw card number."""
    refuse_card_number(name)
    method = _SANDBOX_ONLY.get(name) or _TABLE.get(_short(name))
    if method is None:
        raise no_such("PaymentMethod", _LONG_NUMBER.sub("…", name)[:80], param="payment_method", in_path=False)
    return method


def refuse_card_number(text: str) -> None:
    """Raise StripeRefusal, which does not repeat the text, when it looks like a card number."""
    if _CARD_NUMBER.search(text):
        message = (
            "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test tokens"
            " that map to the test card you are using, see https://stripe.com/docs/testing."
        )
        raise StripeRefusal(Problem(status=402, type="invalid_request_error", message=message), began=False)


def _short(name: str) -> str:
    """Shorten a test card's name: `pm_card_visa_chargeDeclined` → `chargeDeclined`, `pm_card_visa` → `visa`, others → ""."""
    if not name.startswith("pm_card_"):
        return ""
    short = name.removeprefix("pm_card_")
    return short.removeprefix("visa_") if short.startswith("visa_charge") else short
