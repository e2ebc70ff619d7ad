"""The PaymentIntent endpoints: read parameters, ask the state machine, write the ledger, render."""

from dataclasses import replace

from sandbox.exchange import Answer, Call, JsonObject
from sandbox.ids import stripe_id
from sandbox.ledger import payments
from sandbox.ledger.store import Ledger
from sandbox.stripe import listing, params, search
from sandbox.stripe import payment_intents as machine
from sandbox.stripe.errors import Problem, StripeRefusal, invalid_request, no_such
from sandbox.stripe.money import check_chargeable, currency_code
from sandbox.stripe.payment_intents import Method, PaymentIntent, Status
from sandbox.stripe.payment_methods import Decline, Verdict, look_up, refuse_card_number
from sandbox.stripe.wire import error_body, intent_body, list_body

_CAPTURE_METHODS = params.choice("automatic", "automatic_async", "manual")
_CANCELLATION_REASONS = params.choice("duplicate", "fraudulent", "requested_by_customer", "abandoned")
_ECHOED: dict[str, params.Reader] = {
    "automatic_payment_methods": params.mapping,
    "confirmation_method": params.choice("automatic", "manual"),
    "customer": params.text,
    "description": params.text,
    "metadata": params.metadata,
    "payment_method_options": params.mapping,
    "payment_method_types": params.text_list,
    "receipt_email": params.text,
    "setup_future_usage": params.choice("off_session", "on_session"),
    "shipping": params.mapping,
    "statement_descriptor": params.text,
    "statement_descriptor_suffix": params.text,
    "transfer_group": params.text,
}
_CONFIRM: dict[str, params.Reader] = {
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
_CREATE = _ECHOED | _CONFIRM | {
    "amount": params.integer,
    "confirm": params.boolean,
    "currency": params.text,
}  # fmt: skip
_UPDATE = {name: reader for name, reader in _CREATE.items() if name in _ECHOED or name in
           ("amount", "payment_method", "expand")}  # fmt: skip
_CAPTURE: dict[str, params.Reader] = {
    "amount_to_capture": params.integer,
    "expand": params.text_list,
    "final_capture": params.boolean,
    "metadata": params.metadata,
    "statement_descriptor": params.text,
    "statement_descriptor_suffix": params.text,
}
_CANCEL: dict[str, params.Reader] = {"cancellation_reason": _CANCELLATION_REASONS, "expand": params.text_list}
_RETRIEVE: dict[str, params.Reader] = {"client_secret": params.text, "expand": params.text_list}
_LIST = listing.PAGING | {"customer": params.text, "expand": params.text_list}
_SEARCH: dict[str, params.Reader] = {
    "expand": params.text_list,
    "limit": listing.limit,
    "page": params.text,
    "query": params.text,
}


def create(call: Call, ledger: Ledger) -> Answer:
    given = _checked(call, _CREATE, required=("amount", "currency"))
    currency = currency_code(given["currency"])
    check_chargeable(given["amount"], currency)
    capture_method = given.get("capture_method", "automatic_async")
    intent = PaymentIntent(
        id=stripe_id("pi"),
        created=_seconds(call),
        amount=given["amount"],
        currency=currency,
        manual_capture=capture_method == "manual",
        status=Status.REQUIRES_PAYMENT_METHOD,
        details=_details({"capture_method": capture_method}, given),
    )
    intent = _with_method(intent, given)
    if given.get("confirm"):
        return _confirm(intent, given, call, ledger)
    if "return_url" in given:
        raise invalid_request(
            "The parameter `return_url` cannot be passed when creating a PaymentIntent unless `confirm` is set to true.",
            param="return_url",
        )
    return _save_and_show(intent, given, ledger)


def update(call: Call, ledger: Ledger) -> Answer:
    given = _checked(call, _UPDATE)
    intent = find(call, ledger)
    if "amount" in given:
        check_chargeable(given["amount"], intent.currency)
        intent = machine.change_amount(intent, given["amount"])
    intent = replace(_with_method(intent, given), details=_details(intent.details, given))
    return _save_and_show(intent, given, ledger)


def confirm(call: Call, ledger: Ledger) -> Answer:
    given = _checked(call, _CONFIRM)
    intent = find(call, ledger)
    capture_method = given.get("capture_method", intent.details["capture_method"])
    intent = replace(
        intent,
        manual_capture=capture_method == "manual",
        details=_details(intent.details | {"capture_method": capture_method}, given),
    )
    return _confirm(_with_method(intent, given), given, call, ledger)


def capture(call: Call, ledger: Ledger) -> Answer:
    given = _checked(call, _CAPTURE)
    intent = find(call, ledger)
    _refuse_as_ordered(call, intent)
    step = machine.capture(intent, given.get("amount_to_capture"), now=_seconds(call))
    if "metadata" in given:
        step = replace(step, intent=replace(step.intent, details=_details(step.intent.details, given)))
    save(step.intent, ledger)
    return _show(step, given)


def cancel(call: Call, ledger: Ledger) -> Answer:
    given = _checked(call, _CANCEL)
    intent = find(call, ledger)
    _refuse_as_ordered(call, intent)
    ended = machine.cancel(intent, reason=given.get("cancellation_reason"), now=_seconds(call))
    return _save_and_show(ended, given, ledger)


def retrieve(call: Call, ledger: Ledger) -> Answer:
    given = _checked(call, _RETRIEVE)
    return Answer(body=intent_body(find(call, ledger), expansions(given)))


def list_all(call: Call, ledger: Ledger) -> Answer:
    given = _checked(call, _LIST)
    bodies = (intent_body(PaymentIntent.from_json(state), expansions(given, "data."))
              for state in payments.newest_first(ledger))  # fmt: skip
    if "customer" in given:
        bodies = (body for body in bodies if body["customer"] == given["customer"])
    data, more = listing.page(bodies, given, what="payment_intent")
    return Answer(body=list_body("/v1/payment_intents", data, has_more=more))


def find_matching(call: Call, ledger: Ledger) -> Answer:
    """Search. `page` is the id of the last hit of the page before."""
    given = _checked(call, _SEARCH, required=("query",))
    query = search.parse(given["query"])
    states = payments.newest_first(ledger, query.metadata_value("order_id"))
    bodies = (intent_body(PaymentIntent.from_json(state), expansions(given, "data.")) for state in states)
    cursor = {"starting_after": given["page"]} if "page" in given else {}
    paging = {"limit": given.get("limit", 10)} | cursor
    data, more = listing.page(filter(query.matches, bodies), paging, what="payment_intent")
    next_page = data[-1]["id"] if more else None
    return Answer(
        body={
            "object": "search_result",
            "data": data,
            "has_more": more,
            "next_page": next_page,
            "url": "/v1/payment_intents/search",
        }
    )


def find(call: Call, ledger: Ledger) -> PaymentIntent:
    """The payment in the path. Raises StripeRefusal when there is none."""
    assert call.target is not None
    state = payments.find(ledger, call.target) if call.target.startswith("pi_") else None
    if state is None:
        raise no_such("payment_intent", call.target[:60], param="intent", in_path=True)
    return PaymentIntent.from_json(state)


def save(intent: PaymentIntent, ledger: Ledger) -> None:
    row = payments.PaymentRow(
        id=intent.id,
        charge_id=intent.charge.id if intent.charge else None,
        order_id=intent.details.get("metadata", {}).get("order_id"),
        status=intent.status,
        currency=intent.currency,
        authorised=intent.authorised,
        captured=intent.captured,
        refunded=intent.refunded,
        voided=intent.voided,
        state=intent.to_json(),
    )
    payments.save(ledger, row)


def expansions(given: JsonObject, prefix: str = "") -> set[str]:
    """What `expand` asks for: `latest_charge`, or `data.latest_charge` in a list."""
    return {name.removeprefix(prefix) for name in given.get("expand", []) if name.startswith(prefix)}


def _checked(call: Call, known: dict[str, params.Reader], required: tuple[str, ...] = ()) -> JsonObject:
    given = params.read(call.params, known, required)
    for name in ("payment_method", "payment_method_data"):
        refuse_card_number(str(given.get(name, "")))
    return given


def _details(before: JsonObject, given: JsonObject) -> JsonObject:
    """What is only echoed; metadata is merged key by key, and an empty value removes its key."""
    metadata = before.get("metadata", {}) | given.get("metadata", {})
    echoed = {name: value for name, value in given.items() if name in _ECHOED}
    return before | echoed | {"metadata": {key: value for key, value in metadata.items() if value != ""}}


def _with_method(intent: PaymentIntent, given: JsonObject) -> PaymentIntent:
    if "payment_method_data" in given:
        raise invalid_request(
            "This sandbox takes test payment methods only: pass payment_method.", param="payment_method_data"
        )
    name = given.get("payment_method")
    if name is None or (intent.method is not None and name == intent.method.id):
        return intent
    test = look_up(name)
    method = Method(id=stripe_id("pm"), test_name=name, brand=test.brand, expires=test.expires)
    return machine.attach(intent, method)


def _confirm(intent: PaymentIntent, given: JsonObject, call: Call, ledger: Ledger) -> Answer:
    machine.begin_confirmation(intent)
    _check_return_url(intent, given)
    assert intent.method is not None
    verdict, decline = _verdict(intent.method, call)
    now, charge_id = _seconds(call), stripe_id("ch")
    strict = bool(given.get("off_session") or given.get("error_on_requires_action"))
    if verdict is Verdict.NEEDS_ACTION and strict:
        off_session = bool(given.get("off_session"))
        step = machine.authentication_missing(intent, charge_id=charge_id, now=now, off_session=off_session)
    else:
        step = machine.confirm(intent, verdict, charge_id=charge_id, now=now, decline=decline)
    save(step.intent, ledger)
    return _show(step, given)


def _verdict(method: Method, call: Call) -> tuple[Verdict, Decline | None]:
    if call.refusal is not None:
        ordered = call.refusal
        code = ordered.code or "card_declined"
        decline_code = ordered.decline_code or ("generic_decline" if code == "card_declined" else None)
        message = ordered.message or "Your card was declined."
        return Verdict.DECLINED, Decline(code=code, decline_code=decline_code, message=message)
    test = look_up(method.test_name)
    return test.verdict, test.decline


def _check_return_url(intent: PaymentIntent, given: JsonObject) -> None:
    """Stripe wants a return URL unless the payment cannot need a redirect; a caller that forgets works nowhere else."""
    automatic = intent.details.get("automatic_payment_methods", {})
    if "return_url" in given or "payment_method_types" in intent.details or automatic.get("allow_redirects") == "never":
        return
    raise invalid_request(
        "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these"
        " payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't"
        " want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and"
        " `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
        param="return_url",
    )


def _refuse_as_ordered(call: Call, intent: PaymentIntent) -> None:
    if call.refusal is None:
        return
    problem = Problem(
        status=400,
        type="invalid_request_error",
        code=call.refusal.code,
        message=call.refusal.message or "The request was refused.",
    )
    raise StripeRefusal(problem, intent=intent)


def _save_and_show(intent: PaymentIntent, given: JsonObject, ledger: Ledger) -> Answer:
    save(intent, ledger)
    return Answer(body=intent_body(intent, expansions(given)))


def _show(step: machine.Step, given: JsonObject) -> Answer:
    if step.problem is not None:
        return Answer(status=step.problem.status, body=error_body(step.problem, step.intent))
    return Answer(body=intent_body(step.intent, expansions(given)))


def _seconds(call: Call) -> int:
    return int(call.now.timestamp())
