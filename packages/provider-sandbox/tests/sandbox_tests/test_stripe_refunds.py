"""Refunds through the real Stripe SDK."""

import pytest
import stripe

from sandbox.testing import Sandbox
from sandbox_tests.builders import payment


@pytest.fixture
def paid(shop: stripe.StripeClient) -> str:
    """Return a captured payment of 2500."""
    return shop.v1.payment_intents.create(payment(capture_method="automatic")).id


def test_a_refund_without_amount_pays_everything_back(shop: stripe.StripeClient, sandbox: Sandbox, paid: str) -> None:
    refund = shop.v1.refunds.create({"payment_intent": paid, "metadata": {"order_id": "order-1"}})
    assert (refund.amount, refund.status) == (2500, "succeeded")
    assert sandbox.totals()["refunded"] == 2500


def test_refunds_add_up_to_what_was_captured_and_no_further(
    shop: stripe.StripeClient, sandbox: Sandbox, paid: str
) -> None:
    shop.v1.refunds.create({"payment_intent": paid, "amount": 1000})
    with pytest.raises(stripe.InvalidRequestError, match=r"\$15\.01.*greater than unrefunded.*\$15\.00"):
        shop.v1.refunds.create({"payment_intent": paid, "amount": 1501})
    shop.v1.refunds.create({"payment_intent": paid, "amount": 1500})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"payment_intent": paid})
    assert refused.value.code == "charge_already_refunded"
    assert sandbox.totals()["refunded"] == 2500


def test_what_was_never_captured_is_not_refunded(shop: stripe.StripeClient) -> None:
    held = shop.v1.payment_intents.create(payment())
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        shop.v1.refunds.create({"payment_intent": held.id})


def test_the_charge_shows_what_was_refunded(shop: stripe.StripeClient, paid: str) -> None:
    shop.v1.refunds.create({"payment_intent": paid, "amount": 500})
    charge = shop.v1.payment_intents.retrieve(paid, {"expand": ["latest_charge"]}).latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (2500, 500, False)


def test_refunds_are_retrieved_and_listed_by_payment(shop: stripe.StripeClient, paid: str) -> None:
    other = shop.v1.payment_intents.create(payment("order-2", capture_method="automatic"))
    shop.v1.refunds.create({"payment_intent": other.id})
    mine = shop.v1.refunds.create({"payment_intent": paid, "amount": 500})
    assert shop.v1.refunds.retrieve(mine.id).amount == 500
    assert [refund.id for refund in shop.v1.refunds.list({"payment_intent": paid})] == [mine.id]


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_below_one_is_refused(shop: stripe.StripeClient, paid: str, amount: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"payment_intent": paid, "amount": amount})
    assert refused.value.param == "amount"


def test_an_unknown_payment_is_refused(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"payment_intent": "pi_missing"})
    assert (refused.value.http_status, refused.value.code) == (400, "resource_missing")


def test_refunds_are_listed_by_their_own_time_with_what_they_pay_back(
    shop: stripe.StripeClient, sandbox: Sandbox
) -> None:
    old, new = (shop.v1.payment_intents.create(payment(capture_method="automatic")).id for _ in range(2))
    shop.v1.refunds.create({"payment_intent": old, "amount": 100})
    sandbox.advance(3_600)
    since = shop.v1.refunds.create({"payment_intent": new, "amount": 200}).created
    [listed] = shop.v1.refunds.list(
        {"created": {"gte": since}, "expand": ["data.payment_intent", "data.payment_intent.latest_charge"]}
    ).data
    made = listed.payment_intent
    assert isinstance(made, stripe.PaymentIntent)
    assert isinstance(made.latest_charge, stripe.Charge)
    assert (made.id, made.latest_charge.amount_refunded) == (new, 200)
    [plain] = shop.v1.refunds.list({"created": {"gte": since}}).data
    assert plain.payment_intent == new


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("data.metadata", ""),
        ("payment_intent", " You may want to try expanding 'data.payment_intent' instead."),
    ],
)
def test_what_cannot_be_expanded_is_refused(shop: stripe.StripeClient, asked: str, hint: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.list({"expand": [asked]})
    assert refused.value.user_message == f"This property cannot be expanded ({asked}).{hint}"
