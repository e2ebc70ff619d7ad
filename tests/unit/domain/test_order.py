"""What callers may send, which statuses follow which, and what an order costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.catalogue.product import OrderLine, PricedLine, Product, price_lines, total_cents
from domain.errors import AmountTooLarge, IllegalTransition, MixedCurrencies, UnknownProduct
from domain.orders.order import CANCELLABLE, ENDED, TRANSITIONS, OrderRequest, OrderStatus, move

MUG = Product(product_id="mug", name="Mug", unit_price_cents=1250)

VALID = {
    "customer_id": "c-1",
    "lines": [{"product_id": "mug", "quantity": 2}],
    "payment": {"payment_method": "pm_card_visa"},
    "ship_to": {
        "name": "A",
        "street1": "1 Main St",
        "city": "Springfield",
        "state": "IL",
        "postal_code": "62701",
        "country": "US",
    },
    "email": "a@example.com",
}
SHORT = {key: value for key, value in VALID.items() if key != "lines"} | {"product_id": "mug", "quantity": 2}


def test_the_short_form_means_the_same_as_one_line():
    short, long = OrderRequest.model_validate(SHORT), OrderRequest.model_validate(VALID)
    assert short.wanted_lines() == long.wanted_lines()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": []}, ("lines",)),
        ({"lines": [{"product_id": "mug", "quantity": 0}]}, ("lines", 0, "quantity")),
        ({"lines": [{"product_id": "mug", "quantity": -1}]}, ("lines", 0, "quantity")),
        ({"lines": [{"product_id": "mug", "quantity": 1.5}]}, ("lines", 0, "quantity")),
        ({"lines": [{"product_id": "mug", "quantity": "2"}]}, ("lines", 0, "quantity")),
        ({"lines": [{"product_id": "mug", "quantity": True}]}, ("lines", 0, "quantity")),
        ({"lines": [{"product_id": "mug", "quantity": 10**9}]}, ("lines", 0, "quantity")),
        ({"lines": [{"product_id": "mug", "quantity": 1}] * 2}, ("lines", 1, "product_id")),
        ({"lines": [{"product_id": "mug", "quantity": 1, "colour": "red"}]}, ("lines", 0, "colour")),
        ({"product_id": "mug"}, ("product_id",)),
        ({"customer_id": 7}, ("customer_id",)),
        ({"customer_id": None}, ("customer_id",)),
        ({"order_id": "a/b"}, ("order_id",)),
        ({"order_id": "@entity"}, ("order_id",)),
        ({"payment": {"payment_method": "visa"}}, ("payment", "payment_method")),
        ({"payment": {"payment_method": "pm_x", "amount_cents": 0}}, ("payment", "amount_cents")),
        ({"email": "unknown"}, ("email",)),
        ({"colour": "red"}, ("colour",)),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not_repeated(change, field):
    with pytest.raises(ValidationError) as caught:
        OrderRequest.of_caller(VALID | change)
    problems = caught.value.errors(include_input=False)
    assert [problem["loc"] for problem in problems] == [field]


@pytest.mark.parametrize("missing", ["customer_id", "payment", "ship_to", "email"])
def test_a_missing_field_is_named(missing):
    with pytest.raises(ValidationError) as caught:
        OrderRequest.model_validate({key: value for key, value in VALID.items() if key != missing})
    assert caught.value.errors()[0]["loc"] == (missing,)


@pytest.mark.parametrize("missing", ["product_id", "quantity"])
def test_half_of_the_short_form_is_not_enough(missing):
    with pytest.raises(ValidationError) as caught:
        OrderRequest.model_validate({key: value for key, value in SHORT.items() if key != missing})
    assert caught.value.errors()[0]["loc"] == (missing,)


def test_prices_are_the_catalogues():
    lines = price_lines([OrderLine(product_id="mug", quantity=3)], {"mug": MUG}, "usd")
    assert total_cents(lines) == 3750


@pytest.mark.parametrize(
    ("products", "currency", "error"),
    [
        ({}, "usd", UnknownProduct),
        ({"mug": MUG.model_copy(update={"for_sale": False})}, "usd", UnknownProduct),
        ({"mug": MUG}, "eur", MixedCurrencies),
        ({"mug": MUG.model_copy(update={"unit_price_cents": 90_000_000})}, "usd", AmountTooLarge),
    ],
)
def test_what_cannot_be_priced_is_refused(products, currency, error):
    with pytest.raises(error):
        price_lines([OrderLine(product_id="mug", quantity=2)], products, currency)


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 10_000)), min_size=1, max_size=20))
def test_a_total_is_the_sum_of_its_lines(pairs):
    lines = [
        PricedLine(product_id=f"p{index}", quantity=quantity, unit_price_cents=price, weight_grams=1)
        for index, (quantity, price) in enumerate(pairs)
    ]
    assert total_cents(lines) == sum(total_cents([line]) for line in lines)


def test_every_status_has_its_transitions_and_ends_are_reached_from_everywhere():
    assert set(TRANSITIONS) == set(OrderStatus)
    for status in CANCELLABLE:
        assert {OrderStatus.CANCELLED, OrderStatus.FAILED, OrderStatus.NEEDS_ATTENTION} <= TRANSITIONS[status]


@pytest.mark.parametrize("end", sorted(ENDED - {OrderStatus.NEEDS_ATTENTION}))
def test_an_ended_order_moves_no_more(end):
    with pytest.raises(IllegalTransition):
        move(end, OrderStatus.COMPLETED)


def test_goods_without_payment_or_parcel_are_impossible():
    reachable_without_payment = {OrderStatus.ACCEPTED, OrderStatus.RESERVED, OrderStatus.AWAITING_APPROVAL}
    for status in reachable_without_payment:
        assert OrderStatus.COMPLETED not in TRANSITIONS[status]
