"""Idempotency keys through the real Stripe SDK."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from sandbox.testing import Sandbox
from sandbox_tests.builders import payment, wait_for_matches

_KEY: Any = {"idempotency_key": "order-1:authorise"}


def test_the_same_key_gives_the_same_answer_and_moves_no_money(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    first = shop.v1.payment_intents.create(payment(), _KEY)
    again = shop.v1.payment_intents.create(payment(), _KEY)
    assert again.to_dict() == first.to_dict()
    assert _headers(again)["Idempotent-Replayed"] == "true"
    assert _headers(again)["Original-Request"] == _headers(first)["Request-Id"]
    assert len(sandbox.payments()) == 1
    assert [call["replayed"] for call in sandbox.calls()] == [False, True]


def test_a_decline_is_remembered(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            shop.v1.payment_intents.create(payment(method="pm_card_chargeDeclined"), _KEY)
    assert len(sandbox.payments()) == 1


def test_a_refusal_by_the_state_of_the_payment_is_remembered(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    held = shop.v1.payment_intents.create(payment())
    shop.v1.payment_intents.cancel(held.id)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError):
            shop.v1.payment_intents.capture(held.id, {}, {"idempotency_key": "order-1:capture"})
    assert [call["replayed"] for call in sandbox.calls(operation="payment_intents.capture")] == [False, True]


def test_other_parameters_under_the_same_key_are_refused(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    shop.v1.payment_intents.create(payment(), _KEY)
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        shop.v1.payment_intents.create(payment(amount=9900), _KEY)
    assert refused.value.http_status == 400
    assert len(sandbox.payments()) == 1


def test_another_endpoint_under_the_same_key_is_refused(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    held = shop.v1.payment_intents.create(payment(), _KEY)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        shop.v1.payment_intents.capture(held.id, {}, _KEY)
    assert sandbox.payments()[0]["captured"] == 0


def test_a_request_that_fails_validation_leaves_its_key_free(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.payment_intents.create(payment(amount=1), _KEY)
    assert shop.v1.payment_intents.create(payment(), _KEY).status == "requires_capture"


def test_an_internal_error_is_remembered(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault(operation="payment_intents.create", kind="status", status=500, next=1)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            shop.v1.payment_intents.create(payment(), _KEY)
        assert failed.value.http_status == 500
    assert sandbox.payments() == []


@pytest.mark.parametrize("status", [429, 503])
def test_an_answer_of_the_load_balancer_is_not_remembered(
    shop: stripe.StripeClient, sandbox: Sandbox, status: int
) -> None:
    sandbox.fault(operation="payment_intents.create", kind="status", status=status, next=1)
    with pytest.raises(stripe.StripeError):
        shop.v1.payment_intents.create(payment(), _KEY)
    assert shop.v1.payment_intents.create(payment(), _KEY).status == "requires_capture"


def test_a_lost_answer_is_given_again(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault(operation="payment_intents.create", kind="drop_after", next=1)
    with pytest.raises(stripe.APIConnectionError):
        shop.v1.payment_intents.create(payment(), _KEY)
    again = shop.v1.payment_intents.create(payment(), _KEY)
    assert _headers(again)["Idempotent-Replayed"] == "true"
    assert [entry["id"] for entry in sandbox.payments()] == [again.id]


def test_a_second_request_while_the_first_is_under_way_is_a_conflict(
    shop: stripe.StripeClient, sandbox: Sandbox
) -> None:
    sandbox.fault(operation="payment_intents.create", kind="delay", delay_s=600, next=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shop.v1.payment_intents.create, payment(), _KEY)
        wait_for_matches(sandbox, 1)
        with pytest.raises(stripe.APIError) as conflict:
            shop.v1.payment_intents.create(payment(), _KEY)
        sandbox.clear_faults()
    assert conflict.value.http_status == 409
    assert conflict.value.error is not None
    assert conflict.value.error.code == "idempotency_key_in_use"
    assert [entry["id"] for entry in sandbox.payments()] == [first.result().id]


def _headers(response: stripe.PaymentIntent) -> Any:
    assert response.last_response is not None
    return response.last_response.headers


def test_forgotten_keys_are_new_keys(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    for _ in range(2):
        shop.v1.payment_intents.create(payment(), {"idempotency_key": "key-1"})
    assert len(sandbox.payments()) == 1
    sandbox.forget_keys()
    shop.v1.payment_intents.create(payment(), {"idempotency_key": "key-1"})
    assert len(sandbox.payments()) == 2


def test_a_key_is_forgotten_after_a_day(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    """See https://docs.stripe.com/api/idempotent_requests ."""
    first = shop.v1.payment_intents.create(payment(), {"idempotency_key": "key-1"}).id
    sandbox.advance(24 * 3_600 - 60)
    assert shop.v1.payment_intents.create(payment(), {"idempotency_key": "key-1"}).id == first
    sandbox.advance(120)
    assert shop.v1.payment_intents.create(payment(), {"idempotency_key": "key-1"}).id != first
