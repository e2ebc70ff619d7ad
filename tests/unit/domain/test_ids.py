"""Ids and keys: stable, distinct, and never the caller's secret."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.ids import (
    OrderId,
    dead_letter_instance_id,
    digest_id,
    new_order_id,
    order_id_for_key,
    order_instance_id,
    payment_key,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_generated_order_ids_are_valid_and_sort_by_time():
    ids = [new_order_id(NOW + timedelta(milliseconds=n), bytes(8)) for n in range(3)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 3
    for order_id in ids:
        TypeAdapter(OrderId).validate_python(order_id)


@given(st.text(min_size=1))
def test_an_idempotency_key_always_stands_for_the_same_order(key):
    order_id = order_id_for_key(key)
    assert order_id == order_id_for_key(key)
    TypeAdapter(OrderId).validate_python(order_id)


def test_every_operation_of_a_payment_has_its_own_key():
    operations = ("create", "authorise", "capture", "void", "refund")
    assert len({payment_key("o-1", operation) for operation in operations}) == len(operations)


@given(st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z"))
def test_no_order_can_be_named_onto_another_workflows_instance(order_id):
    assert "." not in order_instance_id(order_id)
    assert "." in dead_letter_instance_id("x.y", 1)


@given(st.text(), st.text())
def test_a_text_stands_for_letters_alone_so_that_no_id_looks_like_a_card_number(text, other):
    assert digest_id(text).isalpha()
    assert len(digest_id(text)) == 40
    assert (digest_id(text) == digest_id(other)) == (text == other)
