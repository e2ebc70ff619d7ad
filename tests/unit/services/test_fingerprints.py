"""A repeat has the fingerprint of the first request, and no other request has it."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError, create_model

import blueprints  # noqa: F401 - imports every request
from domain.carts.cart import CheckOutCart
from domain.orders.batch import OrderBatch
from domain.orders.order import OrderRequest
from domain.shipping.tracking import TrackingRequest
from domain.wire import Wire
from domain.workflows.run import RunRequest
from services.input.fingerprints import fingerprint
from services.orders.intake import order_fingerprint
from tests.support.order_requests import order_request
from tests.support.payloads import documents, subclasses, with_unknown_fields

REQUESTS = [OrderRequest, CheckOutCart, OrderBatch, TrackingRequest, *subclasses(RunRequest)]


def _valid(model: type[Wire], document: dict[str, Any]) -> Wire:
    try:
        return model.model_validate(document)
    except ValidationError:
        assume(False)
        raise


@pytest.mark.parametrize("model", REQUESTS)
@settings(max_examples=25)
@given(st.data())
def test_two_requests_have_one_fingerprint_when_they_are_equal_and_only_then(
    model: type[Wire], data: st.DataObject
) -> None:
    one = _valid(model, data.draw(documents(model)))
    other = _valid(model, data.draw(documents(model)))
    assert (fingerprint(one) == fingerprint(other)) is (one == other)


@pytest.mark.parametrize("model", REQUESTS)
@settings(max_examples=25)
@given(st.data())
def test_a_field_that_is_added_later_keeps_the_fingerprints_of_before_and_counts_when_it_is_given(
    model: type[Wire], data: st.DataObject
) -> None:
    document = data.draw(documents(model))
    before = _valid(model, document)
    newer = create_model(model.__name__, __base__=model, later_text=(str | None, None), later_list=(list, Field([])))
    assert fingerprint(newer.model_validate(document)) == fingerprint(before)
    for more in ({"later_text": "red"}, {"later_list": ["a"]}):
        assert fingerprint(newer.model_validate(document | more)) != fingerprint(before)


@pytest.mark.parametrize("model", REQUESTS)
@settings(max_examples=25)
@given(st.data())
def test_what_a_newer_version_adds_does_not_change_the_fingerprint_here(model: type[Wire], data: st.DataObject) -> None:
    known = _valid(model, data.draw(documents(model)))
    assert fingerprint(model.model_validate(with_unknown_fields(known))) == fingerprint(known)


def test_an_order_is_the_same_in_both_forms_and_under_any_id() -> None:
    short = order_request(lines=None, product_id="mug", quantity=2)
    long = order_request(lines=[{"product_id": "mug", "quantity": 2}], order_id="a-1")
    assert order_fingerprint(OrderRequest.model_validate(short)) == order_fingerprint(OrderRequest.model_validate(long))


@pytest.mark.parametrize(
    "change",
    [
        {"customer_id": "bob"},
        {"email": "bob@example.com"},
        {"lines": [{"product_id": "mug", "quantity": 3}]},
        {"payment": {"payment_method": "pm_card_mastercard"}},
        {"ship_to": {**order_request()["ship_to"], "street2": "2nd floor"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_order_with_anything_else_is_another_one(change: dict[str, Any]) -> None:
    same = order_request(lines=[{"product_id": "mug", "quantity": 2}])
    one, other = (OrderRequest.model_validate(document) for document in (same, same | change))
    assert order_fingerprint(one) != order_fingerprint(other)
