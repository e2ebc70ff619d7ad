"""The refund endpoints, and the charge endpoint that belongs to them."""

from collections.abc import Collection

from sandbox.core.exchange import Answer, Call, JsonObject
from sandbox.core.ids import stripe_id
from sandbox.ledger import payments
from sandbox.ledger.store import Ledger
from sandbox.stripe import expand, lifecycle, listing, params
from sandbox.stripe.errors import StripeRefusal, invalid_request, no_such
from sandbox.stripe.intent import PaymentIntent
from sandbox.stripe.money import check_form
from sandbox.stripe.payment_store import save
from sandbox.stripe.problem import Problem
from sandbox.stripe.wire import charge_body, intent_body, list_body

_CREATE: dict[str, params.Reader] = {
    "amount": params.positive_integer,
    "charge": params.text,
    "expand": params.text_list,
    "metadata": params.metadata,
    "payment_intent": params.text,
    "reason": params.choice("duplicate", "fraudulent", "requested_by_customer"),
}
# Of what this stand-in shows by id only.
_EXPANDABLE = ("charge", "payment_intent", "payment_intent.latest_charge", "payment_intent.payment_method")
_EXPAND: dict[str, params.Reader] = {"expand": params.text_list}
_LIST = listing.PAGING | _EXPAND | {"charge": params.text, "payment_intent": params.text}


def create(call: Call, ledger: Ledger) -> Answer:
    """Refund a payment, or a part of it."""
    given = params.read(call.params, _CREATE)
    intent = _payment(given, ledger)
    if call.refusal is not None:
        message = call.refusal.message or "The refund was refused."
        problem = Problem(status=400, type="invalid_request_error", code=call.refusal.code, message=message)
        raise StripeRefusal(problem)
    check_form(given.get("amount", 0), intent.currency)
    intent, amount = lifecycle.refund(intent, given.get("amount"))
    save(intent, ledger)
    body = _body(intent, amount, given, int(call.now.timestamp()))
    payments.add_refund(ledger, body)
    return Answer(body=_shown(body, expand.wanted(given, _EXPANDABLE), ledger))


def retrieve(call: Call, ledger: Ledger) -> Answer:
    """Answer with a refund."""
    given = params.read(call.params, _EXPAND)
    assert call.target is not None
    refund = payments.find_refund(ledger, call.target)
    if refund is None:
        raise no_such("refund", call.target[:60], param="id", in_path=True)
    return Answer(body=_shown(refund, expand.wanted(given, _EXPANDABLE), ledger))


def list_all(call: Call, ledger: Ledger) -> Answer:
    """Answer with a page of refunds."""
    given = params.read(call.params, _LIST)
    of_payment = _payment(given, ledger).id if "payment_intent" in given or "charge" in given else None
    data, more = listing.page(payments.refunds_newest_first(ledger, of_payment), given, what="refund")
    names = expand.wanted(given, _EXPANDABLE, prefix="data.")
    shown = [_shown(refund, names, ledger) for refund in data]
    return Answer(body=list_body("/v1/refunds", shown, has_more=more))


def retrieve_charge(call: Call, ledger: Ledger) -> Answer:
    """Answer with a charge."""
    params.read(call.params, _EXPAND)
    assert call.target is not None
    intent = _find(call.target, "ch_", ledger)
    if intent is None or intent.charge is None:
        raise no_such("charge", call.target[:60], param="id", in_path=True)
    return Answer(body=charge_body(intent, intent.charge))


def _payment(given: JsonObject, ledger: Ledger) -> PaymentIntent:
    for name, prefix in (("payment_intent", "pi_"), ("charge", "ch_")):
        if name in given:
            intent = _find(given[name], prefix, ledger)
            if intent is None:
                raise no_such(name, given[name][:60], param=name, in_path=False)
            return intent
    raise invalid_request(
        "One of the following params should be provided for this request: payment_intent or charge.",
        code="parameter_missing",
    )


def _shown(refund: JsonObject, names: Collection[str], ledger: Ledger) -> JsonObject:
    """Return a refund with what is to be expanded of it."""
    intent = _find(refund["payment_intent"], "pi_", ledger) if names else None
    if intent is None:
        return refund
    whole: JsonObject = {}
    if any(name.startswith("payment_intent") for name in names):
        inner = {name.removeprefix("payment_intent.") for name in names}
        whole["payment_intent"] = intent_body(intent, inner)
    if "charge" in names and intent.charge is not None:
        whole["charge"] = charge_body(intent, intent.charge)
    return refund | whole


def _find(object_id: str, prefix: str, ledger: Ledger) -> PaymentIntent | None:
    state = payments.find(ledger, object_id) if object_id.startswith(prefix) else None
    return None if state is None else PaymentIntent.from_json(state)


def _body(intent: PaymentIntent, amount: int, given: JsonObject, now: int) -> JsonObject:
    assert intent.charge is not None
    return {
        "id": stripe_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": intent.charge.id,
        "created": now,
        "currency": intent.currency,
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": given.get("metadata", {}),
        "payment_intent": intent.id,
        "reason": given.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
