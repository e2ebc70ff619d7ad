"""Which parameters each PaymentIntent endpoint takes.

What Stripe takes and this stand-in has no use for (`transfer_data`, `mandate`, …) is refused like an unknown name: a
caller that relies on it should learn so.
"""

from collections.abc import Collection

from sandbox.core.exchange import Call, JsonObject
from sandbox.stripe import expand, listing, params
from sandbox.stripe.errors import StripeRefusal, invalid_request
from sandbox.stripe.payment_methods import refuse_card_number

_CAPTURE_METHODS = params.choice("automatic", "automatic_async", "manual")
_CANCELLATION_REASONS = params.choice("duplicate", "fraudulent", "requested_by_customer", "abandoned")
ECHOED: dict[str, params.Reader] = {
    "allowed_payment_method_types": params.text_list,
    "automatic_payment_methods": params.mapping,
    "confirmation_method": params.choice("automatic", "manual"),
    "customer": params.text,
    "description": params.text,
    "metadata": params.metadata,
    "payment_method_options": params.mapping,
    "receipt_email": params.text,
    "setup_future_usage": params.choice("off_session", "on_session"),
    "shipping": params.mapping,
    "statement_descriptor": params.text,
    "statement_descriptor_suffix": params.text,
    "transfer_group": params.text,
}
CONFIRM: dict[str, params.Reader] = {
    "capture_method": _CAPTURE_METHODS,
    "error_on_requires_action": params.boolean,
    "expand": params.text_list,
    "off_session": params.boolean,
    "payment_method": params.text,
    "payment_method_data": params.mapping,
    "receipt_email": params.text,
    "return_url": params.text,
    "use_stripe_sdk": params.boolean,
}
CREATE = ECHOED | CONFIRM | {"amount": params.integer, "confirm": params.boolean, "currency": params.text}
UPDATE = ECHOED | {name: CREATE[name] for name in ("amount", "expand", "payment_method", "payment_method_data")}
CAPTURE: dict[str, params.Reader] = {
    "amount_to_capture": params.integer,
    "expand": params.text_list,
    "final_capture": params.boolean,
    "metadata": params.metadata,
    "statement_descriptor": params.text,
    "statement_descriptor_suffix": params.text,
}
CANCEL: dict[str, params.Reader] = {"cancellation_reason": _CANCELLATION_REASONS, "expand": params.text_list}
RETRIEVE: dict[str, params.Reader] = {"client_secret": params.text, "expand": params.text_list}
LIST = listing.PAGING | {"customer": params.text, "expand": params.text_list}
SEARCH: dict[str, params.Reader] = {
    "expand": params.text_list,
    "limit": listing.limit,
    "page": params.text,
    "query": params.text,
}


_METHOD_CHOICES = ("allowed_payment_method_types", "automatic_payment_methods")


def read(call: Call, known: dict[str, params.Reader], required: Collection[str] = ()) -> JsonObject:
    """Return the call's parameters, checked. Raises StripeRefusal, also for a raw card number in place of a payment method."""
    if "payment_method_types" in call.params:
        raise _no_longer_supported()
    given = params.read(call.params, known, required)
    if all(name in given for name in _METHOD_CHOICES):
        raise invalid_request(f"You may only specify one of these parameters: {', '.join(_METHOD_CHOICES)}.")
    for name in ("payment_method", "payment_method_data"):
        refuse_card_number(str(given.get(name, "")))
    return given


# Of what this stand-in shows by id only.
_EXPANDABLE = frozenset({"latest_charge", "payment_method"})


def expansions(given: JsonObject, prefix: str = "") -> set[str]:
    """Return what `expand` asks for: `latest_charge`, or `data.latest_charge` in a list. Raises StripeRefusal."""
    return expand.wanted(given, _EXPANDABLE, prefix)


def _no_longer_supported() -> StripeRefusal:
    """Return the refusal of a parameter that Stripe took until the API version 2026-09-30.endive."""
    return invalid_request(
        "The parameter `payment_method_types` is no longer supported. Use `allowed_payment_method_types` instead.",
        code="payment_method_types_no_longer_supported",
        param="payment_method_types",
    )
