"""Every way in which Stripe can fail to answer sensibly, and that nothing of what it says is passed on."""

import logging
import traceback
from typing import Any

import pytest

from adapters.stripe.mark import metadata_of
from adapters.stripe.payments import StripePayments
from domain.errors import ProviderUnavailable
from domain.workflows.steps import Outcome, StepResult
from tests.integration.adapters.examples import AMOUNT, ORDER, capture, compensation, payment
from tests.integration.adapters.scripted import Script

PAYMENT = "pi_1"
CREATE = "POST /v1/payment_intents"
CONFIRM = f"POST /v1/payment_intents/{PAYMENT}/confirm"
CAPTURE = f"POST /v1/payment_intents/{PAYMENT}/capture"
CANCEL = f"POST /v1/payment_intents/{PAYMENT}/cancel"
RETRIEVE = f"GET /v1/payment_intents/{PAYMENT}"
SEARCH = "GET /v1/payment_intents/search"
REFUND = "POST /v1/refunds"
REFUNDS = "GET /v1/refunds"

REPLAYED = {"Idempotent-Replayed": "true"}
SECRETS = ("sk_test_very_secret", "4242424242424242", "Ada Byron")
TALKATIVE = f"No such thing for {' and '.join(SECRETS)}"


def intent(status: str, **others: Any) -> dict[str, Any]:
    held = {"amount_capturable": AMOUNT} if status == "requires_capture" else {}
    taken = {"amount_received": AMOUNT} if status == "succeeded" else {}
    shape = {"id": PAYMENT, "object": "payment_intent", "status": status, "amount": AMOUNT, "currency": "usd"}
    return {**shape, **held, **taken, **others}


def own(status: str, **others: Any) -> dict[str, Any]:
    """Return a payment that carries the order's mark."""
    return intent(status, metadata=metadata_of(payment()), **others)


def error(kind: str, code: str | None = None, **others: Any) -> dict[str, Any]:
    return {"error": {"type": kind, "code": code, "message": TALKATIVE, **others}}


def refunds(*statuses: str) -> dict[str, Any]:
    shape = {"object": "refund", "amount": AMOUNT, "currency": "usd", "payment_intent": PAYMENT}
    data = [{**shape, "id": f"re_{status}", "status": status} for status in statuses]
    return {"object": "list", "data": data, "has_more": False, "url": "/v1/refunds"}


@pytest.fixture
def payments(script: Script) -> StripePayments:
    return StripePayments.connect(SECRETS[0], script.url)


UNINTELLIGIBLE: dict[str, tuple[int, Any]] = {
    "rate limit": (429, error("invalid_request_error", "rate_limit")),
    "object locked": (429, error("invalid_request_error", "lock_timeout")),
    "key in use": (409, error("idempotency_error", "idempotency_key_in_use")),
    "failure": (500, error("api_error")),
    "outage": (503, error("api_error")),
    "HTML with an error status": (502, "<html>Bad Gateway</html>"),
    "HTML with a good status": (200, "<html>Welcome</html>"),
    "nothing": (200, ""),
    "another JSON": (200, {"status": "ok"}),
    "a JSON list": (200, [1, 2]),
    "a proxy's error": (503, {"error": "overloaded"}),
    "a proxy's other error": (503, {"error": ["overloaded"]}),
    "a status that is not known": (200, intent("requires_patience")),
    "half an answer": (200, '{"id": "pi_1", "object": "payment_in'),
}


@pytest.mark.parametrize("answer", UNINTELLIGIBLE.values(), ids=UNINTELLIGIBLE.keys())
@pytest.mark.parametrize("operation", ["create", "confirm", "capture", "retrieve", "void"])
def test_what_is_no_answer_is_asked_for_again(
    payments: StripePayments, script: Script, answer: tuple[int, Any], operation: str
) -> None:
    status, body = answer
    script.answer(CREATE, intent("requires_confirmation"))
    script.answer(RETRIEVE, intent("requires_capture"))
    call = {"create": CREATE, "confirm": CONFIRM, "capture": CAPTURE, "retrieve": RETRIEVE, "void": CANCEL}[operation]
    script.forget(call)
    script.answer(call, body, status)
    steps = {
        "create": lambda: payments.authorise(payment()),
        "confirm": lambda: payments.authorise(payment()),
        "capture": lambda: payments.capture(capture(PAYMENT)),
        "retrieve": lambda: payments.cancel(compensation(payment(), PAYMENT)),
        "void": lambda: payments.cancel(compensation(payment(), PAYMENT)),
    }
    with pytest.raises(ProviderUnavailable) as raised:
        steps[operation]()
    _assert_discreet("".join(traceback.format_exception(raised.value)))


def test_a_provider_that_cannot_be_reached_is_asked_again(script: Script) -> None:
    nowhere = StripePayments.connect("sk_test_x", "http://127.0.0.1:9")
    with pytest.raises(ProviderUnavailable):
        nowhere.authorise(payment())


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (402, error("card_error", "card_declined", decline_code="lost_card"), Outcome.REFUSED),
        (402, error("card_error", TALKATIVE, decline_code=TALKATIVE), Outcome.REFUSED),
        (400, error("invalid_request_error", "parameter_unknown"), Outcome.FAULTED),
        (400, error("invalid_request_error", TALKATIVE, param=TALKATIVE), Outcome.FAULTED),
        (401, error("invalid_request_error", "api_key_expired"), Outcome.FAULTED),
        (403, error("invalid_request_error", "more_permissions_required"), Outcome.FAULTED),
        (404, error("invalid_request_error", "resource_missing"), Outcome.FAULTED),
    ],
)
def test_a_refusal_has_a_message_of_ours(
    payments: StripePayments, script: Script, status: int, body: Any, outcome: Outcome
) -> None:
    script.answer(CREATE, body, status)
    result = payments.authorise(payment())
    assert result.outcome is outcome
    _assert_discreet(result.model_dump_json())


def test_nothing_of_what_stripe_says_is_logged(
    payments: StripePayments, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    script.answer(CREATE, error("invalid_request_error", "parameter_unknown"), 400)
    payments.authorise(payment())
    _assert_discreet(caplog.text)


def test_a_card_that_needs_its_owner_asks_for_an_action(payments: StripePayments, script: Script) -> None:
    script.answer(CREATE, intent("requires_confirmation"))
    script.answer(CONFIRM, error("card_error", "card_declined", decline_code="authentication_required"), 402)
    assert payments.authorise(payment()).reason_code == "action_required"


def test_a_key_that_authorised_another_payment_does_not_authorise_a_second(
    payments: StripePayments, script: Script
) -> None:
    script.answer(CREATE, intent("requires_confirmation"))
    script.answer(CONFIRM, error("idempotency_error"), 400)
    script.answer(RETRIEVE, intent("requires_confirmation"))
    assert payments.authorise(payment()).outcome is Outcome.FAULTED
    assert script.calls.count(CONFIRM) == 1


def test_of_several_payments_the_one_that_got_furthest_is_the_orders(payments: StripePayments, script: Script) -> None:
    found = [own("canceled", id="pi_0"), own("requires_capture"), own("requires_confirmation", id="pi_2")]
    for one in found:
        script.answer(f"GET /v1/payment_intents/{one['id']}", one)
    script.answer(CREATE, error("idempotency_error"), 400)
    script.answer(SEARCH, {"object": "search_result", "data": found, "has_more": False, "url": "/"})
    script.answer(CONFIRM, error("invalid_request_error", "payment_intent_unexpected_state"), 400)
    assert payments.authorise(payment()) == StepResult(reference=PAYMENT)


def test_every_payment_of_an_order_is_compensated(payments: StripePayments, script: Script) -> None:
    found = [own("requires_capture", id="pi_0"), own("requires_confirmation")]
    script.answer("GET /v1/payment_intents/pi_0", found[0])
    script.answer(CREATE, error("idempotency_error"), 400)
    script.answer(SEARCH, {"object": "search_result", "data": found, "has_more": False, "url": "/"})
    script.answer("POST /v1/payment_intents/pi_0/cancel", intent("canceled", id="pi_0"))
    script.answer(CANCEL, error("idempotency_error"), 400)
    script.answer(CANCEL, intent("canceled"))
    script.answer(RETRIEVE, own("requires_confirmation"))
    assert payments.cancel(compensation(payment())).message == "voided"
    assert script.keys[CANCEL] == [f"{ORDER}:void", f"{ORDER}:void.2"]


def test_a_payment_that_was_authorised_while_stripe_failed_is_not_confirmed_again(
    payments: StripePayments, script: Script
) -> None:
    script.answer(CREATE, intent("requires_confirmation"))
    script.answer(CONFIRM, error("api_error"), 500, REPLAYED)
    script.answer(RETRIEVE, intent("requires_capture"))
    assert payments.authorise(payment()) == StepResult(reference=PAYMENT)
    assert script.calls.count(CONFIRM) == 1


def test_a_step_that_stripe_fails_at_again_and_again_is_left_unknown(payments: StripePayments, script: Script) -> None:
    script.answer(CAPTURE, error("api_error"), 500, REPLAYED)
    script.answer(RETRIEVE, intent("requires_capture"))
    with pytest.raises(ProviderUnavailable):
        payments.capture(capture(PAYMENT))
    keys = script.keys[CAPTURE]
    assert len(set(keys)) == len(keys) > 10, "no key twice, and enough of them for a long outage"
    assert script.calls.count(RETRIEVE) == 1


def test_an_old_answer_is_not_believed(payments: StripePayments, script: Script) -> None:
    script.answer(CREATE, intent("requires_confirmation"), headers=REPLAYED)
    script.answer(CONFIRM, intent("requires_capture"), headers=REPLAYED)
    script.answer(RETRIEVE, intent("canceled"))
    assert payments.authorise(payment()).reason_code == "payment_cancelled"


@pytest.mark.parametrize("secured", [{"amount_capturable": AMOUNT - 1}, {"amount": AMOUNT + 1}, {"currency": "eur"}])
def test_an_authorisation_of_another_amount_than_asked_is_a_fault(
    payments: StripePayments, script: Script, secured: dict[str, Any]
) -> None:
    script.answer(CREATE, intent("requires_confirmation"))
    script.answer(CONFIRM, intent("requires_capture", **secured))
    assert payments.authorise(payment()).outcome is Outcome.FAULTED


def test_a_capture_of_another_amount_than_asked_is_a_fault(payments: StripePayments, script: Script) -> None:
    script.answer(CAPTURE, intent("succeeded", amount_received=AMOUNT - 1))
    assert payments.capture(capture(PAYMENT)).outcome is Outcome.FAULTED


@pytest.mark.parametrize("reason", ["automatic", "expired"])
def test_stripes_own_cancellation_is_an_expired_authorisation(
    payments: StripePayments, script: Script, reason: str
) -> None:
    script.answer(CAPTURE, error("invalid_request_error", "payment_intent_unexpected_state"), 400)
    script.answer(RETRIEVE, intent("canceled", cancellation_reason=reason))
    assert payments.capture(capture(PAYMENT)).reason_code == "authorisation_expired"


def test_an_expired_charge_is_an_expired_authorisation_before_stripe_cancels_it(
    payments: StripePayments, script: Script
) -> None:
    script.answer(CAPTURE, error("invalid_request_error", "charge_expired_for_capture"), 400)
    script.answer(RETRIEVE, intent("requires_capture"))
    assert payments.capture(capture(PAYMENT)).reason_code == "authorisation_expired"


@pytest.mark.parametrize("status", ["pending", "requires_action"])
def test_a_refund_that_is_not_certain_yet_is_no_compensation_yet(
    payments: StripePayments, script: Script, status: str
) -> None:
    script.answer(RETRIEVE, intent("succeeded"))
    script.answer(REFUNDS, refunds(status))
    with pytest.raises(ProviderUnavailable):
        payments.cancel(compensation(payment(), PAYMENT))
    assert REFUND not in script.calls, "a second refund must not be asked for meanwhile"


def test_a_refund_that_failed_is_tried_again_under_another_key(payments: StripePayments, script: Script) -> None:
    script.answer(RETRIEVE, intent("succeeded"))
    script.answer(REFUNDS, refunds())
    script.answer(REFUNDS, refunds("failed"))
    script.answer(REFUNDS, refunds("succeeded", "failed"))
    script.answer(REFUND, {"id": "re_1", "object": "refund", "amount": AMOUNT, "status": "succeeded"})
    assert payments.cancel(compensation(payment(), PAYMENT)).message == "refunded"
    assert script.keys[REFUND] == [f"{ORDER}:refund", f"{ORDER}:refund.2"]


def test_a_refund_key_that_was_used_for_another_amount_gives_way_to_the_next(
    payments: StripePayments, script: Script
) -> None:
    script.answer(RETRIEVE, intent("succeeded"))
    script.answer(REFUNDS, refunds())
    script.answer(REFUNDS, refunds("succeeded"))
    script.answer(REFUND, error("idempotency_error"), 400)
    script.answer(REFUND, {"id": "re_1", "object": "refund", "amount": AMOUNT, "status": "succeeded"})
    assert payments.cancel(compensation(payment(), PAYMENT)).message == "refunded"
    assert script.keys[REFUND] == [f"{ORDER}:refund", f"{ORDER}:refund.2"]


def test_a_refund_that_stripe_refuses_is_a_fault(payments: StripePayments, script: Script) -> None:
    script.answer(RETRIEVE, intent("succeeded"))
    script.answer(REFUNDS, refunds())
    script.answer(REFUND, error("invalid_request_error", "charge_disputed"), 400)
    result = payments.cancel(compensation(payment(), PAYMENT))
    assert result.outcome is Outcome.FAULTED
    _assert_discreet(result.model_dump_json())


def test_a_refund_made_elsewhere_meanwhile_counts(payments: StripePayments, script: Script) -> None:
    script.answer(RETRIEVE, intent("succeeded"))
    script.answer(REFUNDS, refunds())
    script.answer(REFUNDS, refunds("succeeded"))
    script.answer(REFUND, error("invalid_request_error", "charge_already_refunded"), 400)
    assert payments.cancel(compensation(payment(), PAYMENT)).message == "refunded"


def test_a_payment_captured_while_it_is_being_voided_is_refunded_next_time(
    payments: StripePayments, script: Script
) -> None:
    script.answer(RETRIEVE, intent("requires_capture"))
    script.answer(RETRIEVE, intent("succeeded"))
    script.answer(CANCEL, error("invalid_request_error", "payment_intent_unexpected_state"), 400)
    script.answer(REFUNDS, refunds("succeeded"))
    with pytest.raises(ProviderUnavailable):
        payments.cancel(compensation(payment(), PAYMENT))
    assert payments.cancel(compensation(payment(), PAYMENT)).message == "refunded"


def _assert_discreet(text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize("operation", ["authorise", "capture", "cancel", "poll"])
def test_what_is_said_of_another_payment_is_no_answer(payments: StripePayments, script: Script, operation: str) -> None:
    script.answer(CREATE, own("requires_confirmation"))
    script.answer(CONFIRM, intent("requires_capture", id="pi_2"))
    script.answer(CAPTURE, intent("succeeded", id="pi_2"), headers=REPLAYED if operation == "poll" else {})
    script.answer(CANCEL, intent("canceled", id="pi_2"))
    script.answer(RETRIEVE, own("requires_capture", **({"id": "pi_2"} if operation == "poll" else {})))
    calls = {
        "authorise": lambda: payments.authorise(payment()),
        "capture": lambda: payments.capture(capture(PAYMENT)),
        "cancel": lambda: payments.cancel(compensation(payment(), PAYMENT)),
        "poll": lambda: payments.capture(capture(PAYMENT)),
    }
    with pytest.raises(ProviderUnavailable, match="another payment"):
        calls[operation]()
