"""The PaymentIntent endpoints that act: read parameters, ask the state machine, write the ledger, render."""

from dataclasses import replace

from sandbox.core.exchange import Answer, Call, JsonObject
from sandbox.core.ids import stripe_id
from sandbox.ledger.store import Ledger
from sandbox.stripe import lifecycle, payment_params, payment_store
from sandbox.stripe.errors import StripeRefusal, invalid_request
from sandbox.stripe.intent import Method, PaymentIntent, Status
from sandbox.stripe.money import check_card_maximum, check_chargeable, check_form, currency_code
from sandbox.stripe.payment_methods import Verdict, look_up
from sandbox.stripe.problem import Decline, Problem
from sandbox.stripe.wire import error_body, intent_body


def create(call: Call, ledger: Ledger) -> Answer:
    """Create a payment, and confirm it if asked to."""
    given = payment_params.read(call, payment_params.CREATE, required=("amount", "currency"))
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
    """Change a payment."""
    given = payment_params.read(call, payment_params.UPDATE)
    intent = payment_store.find(call, ledger)
    if "amount" in given:
        check_chargeable(given["amount"], intent.currency)
        intent = lifecycle.change_amount(intent, given["amount"])
    intent = replace(_with_method(intent, given), details=_details(intent.details, given))
    return _save_and_show(intent, given, ledger)


def confirm(call: Call, ledger: Ledger) -> Answer:
    """Confirm a payment."""
    given = payment_params.read(call, payment_params.CONFIRM)
    intent = payment_store.find(call, ledger)
    capture_method = given.get("capture_method", intent.details["capture_method"])
    intent = replace(
        intent,
        manual_capture=capture_method == "manual",
        details=_details(intent.details | {"capture_method": capture_method}, given),
    )
    return _confirm(_with_method(intent, given), given, call, ledger)


def capture(call: Call, ledger: Ledger) -> Answer:
    """Capture a payment, or a part of it."""
    given = payment_params.read(call, payment_params.CAPTURE)
    intent = payment_store.find(call, ledger)
    _refuse_as_ordered(call, intent)
    check_form(given.get("amount_to_capture", 0), intent.currency)
    step = lifecycle.capture(intent, given.get("amount_to_capture"), now=_seconds(call))
    if "metadata" in given:
        step = replace(step, intent=replace(step.intent, details=_details(step.intent.details, given)))
    payment_store.save(step.intent, ledger)
    return _show(step, given)


def cancel(call: Call, ledger: Ledger) -> Answer:
    """Cancel a payment."""
    given = payment_params.read(call, payment_params.CANCEL)
    intent = payment_store.find(call, ledger)
    _refuse_as_ordered(call, intent)
    ended = lifecycle.cancel(intent, reason=given.get("cancellation_reason"), now=_seconds(call))
    return _save_and_show(ended, given, ledger)


def _details(before: JsonObject, given: JsonObject) -> JsonObject:
    """Return what is only echoed; metadata is merged key by key, and an empty value removes its key."""
    metadata = before.get("metadata", {}) | given.get("metadata", {})
    echoed = {name: value for name, value in given.items() if name in payment_params.ECHOED}
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
    check_card_maximum(intent.amount, intent.currency, test.brand)
    method = Method(id=stripe_id("pm"), test_name=name, brand=test.brand, expires=test.expires)
    return lifecycle.attach(intent, method)


def _confirm(intent: PaymentIntent, given: JsonObject, call: Call, ledger: Ledger) -> Answer:
    lifecycle.begin_confirmation(intent)
    _check_return_url(intent, given)
    assert intent.method is not None
    verdict, decline = _verdict(intent.method, call)
    now, charge_id = _seconds(call), stripe_id("ch")
    strict = bool(given.get("off_session") or given.get("error_on_requires_action"))
    if verdict is Verdict.NEEDS_ACTION and strict:
        off_session = bool(given.get("off_session"))
        step = lifecycle.authentication_missing(intent, charge_id=charge_id, now=now, off_session=off_session)
    else:
        step = lifecycle.confirm(intent, verdict, charge_id=charge_id, now=now, decline=decline)
    payment_store.save(step.intent, ledger)
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
    """Raise StripeRefusal for a missing return URL.

    Stripe wants one unless the payment cannot need a redirect: cards only, or redirects ruled out.
    """
    automatic = intent.details.get("automatic_payment_methods", {})
    cards_only = intent.details.get("allowed_payment_method_types") == ["card"]
    if "return_url" in given or cards_only or automatic.get("allow_redirects") == "never":
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
    payment_store.save(intent, ledger)
    return Answer(body=intent_body(intent, payment_params.expansions(given)))


def _show(step: lifecycle.Step, given: JsonObject) -> Answer:
    if step.problem is not None:
        return Answer(status=step.problem.status, body=error_body(step.problem, step.intent))
    return Answer(body=intent_body(step.intent, payment_params.expansions(given)))


def _seconds(call: Call) -> int:
    return int(call.now.timestamp())
