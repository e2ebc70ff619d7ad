"""PaymentIntents through the real Stripe SDK."""

import base64
import re
from typing import Any

import pytest
import requests
import stripe

from sandbox.testing import Sandbox
from sandbox_tests.builders import payment


def test_a_payment_is_authorised_then_captured(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    held = shop.v1.payment_intents.create(payment())
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 2500, 0)

    taken = shop.v1.payment_intents.capture(held.id)
    assert (taken.status, taken.amount_capturable, taken.amount_received) == ("succeeded", 0, 2500)
    assert sandbox.totals() == {"authorised": 2500, "captured": 2500, "refunded": 0, "voided": 0}


def test_confirmation_can_be_a_step_of_its_own(shop: stripe.StripeClient) -> None:
    new = shop.v1.payment_intents.create({"amount": 500, "currency": "usd", "allowed_payment_method_types": ["card"]})
    assert new.status == "requires_payment_method"
    confirmed = shop.v1.payment_intents.confirm(new.id, {"payment_method": "pm_card_visa"})
    assert (confirmed.status, confirmed.amount_received) == ("succeeded", 500)


def test_a_partial_capture_gives_the_rest_back(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    held = shop.v1.payment_intents.create(payment())
    shop.v1.payment_intents.capture(held.id, {"amount_to_capture": 1000})
    [entry] = sandbox.payments("order-1")
    assert (entry["authorised"], entry["captured"], entry["voided"]) == (2500, 1000, 1500)


def test_cancelling_voids_what_was_held(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    held = shop.v1.payment_intents.create(payment())
    ended = shop.v1.payment_intents.cancel(held.id, {"cancellation_reason": "requested_by_customer"})
    assert (ended.status, ended.cancellation_reason) == ("canceled", "requested_by_customer")
    [entry] = sandbox.payments()
    assert (entry["captured"], entry["voided"]) == (0, 2500)


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
    ],
)
def test_a_declined_card_is_a_card_error_with_its_payment(
    shop: stripe.StripeClient, sandbox: Sandbox, method: str, code: str, decline_code: str | None
) -> None:
    with pytest.raises(stripe.CardError) as declined:
        shop.v1.payment_intents.create(payment(method=method))
    assert declined.value.http_status == 402
    assert declined.value.code == code
    assert declined.value.error is not None
    assert getattr(declined.value.error, "decline_code", None) == decline_code
    shown: Any = declined.value.error.payment_intent
    assert shown.status == "requires_payment_method"
    assert shown.last_payment_error.code == code
    assert [entry["authorised"] for entry in sandbox.payments()] == [0]


def test_a_declined_payment_can_be_confirmed_with_another_card(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as declined:
        shop.v1.payment_intents.create(payment(method="pm_card_chargeDeclined"))
    error: Any = declined.value.error
    retried = shop.v1.payment_intents.confirm(error.payment_intent.id, {"payment_method": "pm_card_mastercard"})
    assert retried.status == "requires_capture"
    assert retried.last_payment_error is None


def test_authentication_is_asked_for_and_given(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    waiting = shop.v1.payment_intents.create(payment(method="pm_card_authenticationRequired"))
    assert waiting.status == "requires_action"
    assert waiting.next_action is not None
    sandbox.post(f"/payments/{waiting.id}/authenticate", {"succeed": True})
    assert shop.v1.payment_intents.retrieve(waiting.id).status == "requires_capture"


def test_failed_authentication_asks_for_another_method(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    waiting = shop.v1.payment_intents.create(payment(method="pm_card_authenticationRequired"))
    sandbox.post(f"/payments/{waiting.id}/authenticate", {"succeed": False})
    failed = shop.v1.payment_intents.retrieve(waiting.id)
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"


@pytest.mark.parametrize("strict", ["off_session", "error_on_requires_action"])
def test_authentication_without_a_customer_present_is_a_decline(shop: stripe.StripeClient, strict: str) -> None:
    with pytest.raises(stripe.CardError) as declined:
        shop.v1.payment_intents.create(payment(method="pm_card_authenticationRequired", **{strict: True}))
    assert declined.value.code == "authentication_required"


def test_a_processing_payment_ends_as_the_bank_says(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    pending = shop.v1.payment_intents.create(payment(method="pm_sandbox_processing", capture_method="automatic"))
    assert pending.status == "processing"
    sandbox.post(f"/payments/{pending.id}/settle", {"succeed": True})
    assert shop.v1.payment_intents.retrieve(pending.id).status == "succeeded"


def test_an_expired_authorisation_cannot_be_captured(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    held = shop.v1.payment_intents.create(payment(method="pm_sandbox_authorisationExpires"))
    assert held.status == "requires_capture"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_intents.capture(held.id)
    assert refused.value.code == "charge_expired_for_capture"
    [entry] = sandbox.payments()
    assert (entry["status"], entry["captured"], entry["voided"]) == ("canceled", 0, 2500)


def test_a_held_payment_can_expire_by_itself(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    held = shop.v1.payment_intents.create(payment())
    sandbox.post(f"/payments/{held.id}/expire", {})
    assert shop.v1.payment_intents.retrieve(held.id).status == "canceled"


def test_money_is_not_taken_twice(shop: stripe.StripeClient) -> None:
    held = shop.v1.payment_intents.create(payment())
    shop.v1.payment_intents.capture(held.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_intents.capture(held.id)
    assert refused.value.code == "payment_intent_unexpected_state"


def test_more_than_was_authorised_is_not_captured(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    held = shop.v1.payment_intents.create(payment())
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_intents.capture(held.id, {"amount_to_capture": 2501})
    assert refused.value.code == "amount_too_large"
    assert sandbox.payments()[0]["captured"] == 0


def test_a_cancelled_payment_is_not_captured_and_a_captured_one_not_cancelled(shop: stripe.StripeClient) -> None:
    cancelled = shop.v1.payment_intents.create(payment("order-1"))
    shop.v1.payment_intents.cancel(cancelled.id)
    captured = shop.v1.payment_intents.create(payment("order-2"))
    shop.v1.payment_intents.capture(captured.id)
    for attempt in (
        lambda: shop.v1.payment_intents.capture(cancelled.id),
        lambda: shop.v1.payment_intents.cancel(cancelled.id),
        lambda: shop.v1.payment_intents.cancel(captured.id),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            attempt()
        assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("wrong", "code", "param"),
    [
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": -5}, "parameter_invalid_integer", "amount"),
        ({"amount": "12.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 1_000_000_000_000}, "amount_too_large", "amount"),
        ({"currency": "xyz"}, None, "currency"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"capture_method": "later"}, None, "capture_method"),
        ({"confirm": "maybe"}, None, "confirm"),
        ({"payment_method": "pm_missing"}, "resource_missing", "payment_method"),
        ({"payment_method": "pm_4242424242424242aaaaaaaa"}, "resource_missing", "payment_method"),
        ({"metadata": {"k": "v" * 501}}, None, "metadata[k]"),
        ({"payment_method_types": ["card"]}, "payment_method_types_no_longer_supported", "payment_method_types"),
        ({"automatic_payment_methods": {"enabled": True}}, None, None),
        ({"allowed_payment_method_types": ["card", "klarna"]}, None, "return_url"),
    ],
)
def test_a_wrong_parameter_is_named(
    shop: stripe.StripeClient, sandbox: Sandbox, wrong: dict[str, Any], code: str | None, param: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_intents.create(payment(**wrong))
    assert (refused.value.code, refused.value.param) == (code, param)
    assert "4242424242424242" not in str(refused.value.http_body)
    assert sandbox.payments() == []


@pytest.mark.parametrize("missing", ["amount", "currency"])
def test_a_missing_parameter_is_named(shop: stripe.StripeClient, missing: str) -> None:
    given = payment()
    del given[missing]
    with pytest.raises(stripe.InvalidRequestError, match=missing) as refused:
        shop.v1.payment_intents.create(given)
    assert refused.value.code == "parameter_missing"


@pytest.mark.parametrize(
    "card",
    [
        {"payment_method": "4242424242424242"},
        {"payment_method_data": {"type": "card", "card": {"number": "4242 4242 4242 4242"}}},
    ],
)
def test_a_raw_card_number_is_refused_and_not_repeated(
    shop: stripe.StripeClient, sandbox: Sandbox, card: dict[str, Any]
) -> None:
    with pytest.raises(stripe.CardError, match="generally unsafe") as refused:
        shop.v1.payment_intents.create(payment(**card))
    assert "4242" not in str(refused.value.http_body)
    assert re.search("4242.{0,12}?4242", str(sandbox.calls()), re.DOTALL) is None


def test_an_unknown_payment_is_a_404(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent: 'pi_missing'") as refused:
        shop.v1.payment_intents.retrieve("pi_missing")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_an_unknown_path_is_a_404(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        shop.v1.customers.create({})


def test_metadata_is_merged_and_an_empty_value_removes_its_key(shop: stripe.StripeClient) -> None:
    held = shop.v1.payment_intents.create(payment(metadata={"order_id": "order-1", "a": "1"}))
    updated = shop.v1.payment_intents.update(held.id, {"metadata": {"a": "", "b": "2"}})
    assert updated.metadata.to_dict() == {"order_id": "order-1", "b": "2"}


def test_the_charge_can_be_expanded(shop: stripe.StripeClient) -> None:
    held = shop.v1.payment_intents.create(payment(expand=["latest_charge"]))
    charge = held.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.captured, charge.amount_refunded) == (False, 0)


def test_payments_are_listed_page_by_page_newest_first(shop: stripe.StripeClient) -> None:
    made = [shop.v1.payment_intents.create(payment(f"order-{number}")).id for number in range(5)]
    first = shop.v1.payment_intents.list({"limit": 2})
    assert first.has_more
    assert [one.id for one in first.auto_paging_iter()] == made[::-1]


@pytest.mark.parametrize("key", ["sk_live_0123456789abcdef", "pk_test_0123456789", "nonsense"])
def test_a_key_that_is_no_secret_test_key_is_refused(sandbox: Sandbox, key: str) -> None:
    client = stripe.StripeClient(key, base_addresses={"api": sandbox.url})
    with pytest.raises(stripe.AuthenticationError) as refused:
        client.v1.payment_intents.list()
    assert key not in str(refused.value)


def test_a_missing_key_is_refused_and_basic_authentication_works(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/v1/payment_intents"
    assert requests.get(url, timeout=60).status_code == 401
    basic = base64.b64encode(b"sk_test_sandbox:").decode()
    assert requests.get(url, headers={"Authorization": f"Basic {basic}"}, timeout=60).status_code == 200


async def test_the_asynchronous_sdk_works_too(sandbox: Sandbox) -> None:
    client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": sandbox.url})
    held = await client.v1.payment_intents.create_async(payment())
    assert (await client.v1.payment_intents.capture_async(held.id)).status == "succeeded"


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (50_001, "ugx", "invalid_charge_amount_no_decimal_compatible"),
        (150, "isk", "invalid_charge_amount_no_decimal_compatible"),
        (1_234, "kwd", "parameter_invalid_integer"),
        (29, "gbp", "amount_too_small"),
        (17_400, "huf", "amount_too_small"),
    ],
)
def test_an_amount_that_its_currency_does_not_have_is_refused(
    shop: stripe.StripeClient, amount: int, currency: str, code: str
) -> None:
    """See https://docs.stripe.com/currencies#special-cases and #minimum-and-maximum-charge-amounts ."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_intents.create(payment(amount=amount, currency=currency))
    assert (refused.value.code, refused.value.param) == (code, "amount")


@pytest.mark.parametrize(
    ("amount", "currency"), [(50_000, "ugx"), (1_230, "kwd"), (999_999_999_999, "idr"), (50, "jpy")]
)
def test_an_amount_that_its_currency_has_is_taken(shop: stripe.StripeClient, amount: int, currency: str) -> None:
    assert shop.v1.payment_intents.create(payment(amount=amount, currency=currency)).amount_capturable == amount


def test_american_express_takes_nine_digits(shop: stripe.StripeClient) -> None:
    """See https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts ."""
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.payment_intents.create(payment(amount=1_000_000_000, method="pm_card_amex"))
