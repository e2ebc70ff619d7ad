"""The cart's rules: what is frozen is ordered, what is ordered is released, and nothing else is ever lost."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.carts.cart import (
    AddItem,
    BeginCheckout,
    Cart,
    ChangeItem,
    ClearCart,
    FinishCheckout,
    RemoveItem,
    add,
    begin_checkout,
    change,
    checkout_id,
    clear,
    finish_checkout,
    remove,
)
from domain.catalogue.product import MAX_LINE_QUANTITY
from domain.orders.order import MAX_ORDER_LINES
from domain.workflows.steps import Outcome, StepResult

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


def item(product_id: str, quantity: int, key: str | None = None) -> AddItem:
    return AddItem(key=key or f"{product_id}-{quantity}", requested_at=NOW, product_id=product_id, quantity=quantity)


def named(key: str = "k") -> dict[str, Any]:
    return {"key": key, "requested_at": NOW}


def cart_of(**items: int) -> Cart:
    return Cart(items=items)


def being_checked_out(**items: int) -> Cart:
    cart, _ = begin_checkout(cart_of(**items), BeginCheckout(number=1))
    assert cart is not None
    return cart


def finished(cart: Cart, number: int = 1, *, accepted: bool) -> Cart:
    after, _ = finish_checkout(cart, FinishCheckout(number=number, accepted=accepted))
    assert after is not None
    return after


def reason(result: StepResult) -> str | None:
    return result.reason_code


def test_additions_of_one_product_add_up_and_a_repeat_adds_nothing():
    cart, _ = add(None, item("mug", 2))
    cart, _ = add(cart, item("mug", 3))
    again, _ = add(cart, item("mug", 3))
    assert again == cart
    assert cart.items == {"mug": 5}


def test_a_cart_holds_no_more_than_an_order_takes():
    full = Cart(items={f"p{number}": 1 for number in range(MAX_ORDER_LINES)})
    assert reason(add(full, item("mug", 1))[1]) == "too_many_products"
    assert add(full, item("p0", 1))[1].outcome is Outcome.DONE
    assert reason(add(cart_of(mug=MAX_LINE_QUANTITY), item("mug", 1))[1]) == "too_many"


def test_a_quantity_is_set_a_product_removed_and_a_cart_cleared():
    cart = cart_of(mug=2, pen=1)
    assert change(cart, ChangeItem(**named(), product_id="mug", quantity=7))[0].items == {"mug": 7, "pen": 1}
    assert remove(cart, RemoveItem(**named(), product_id="mug"))[0].items == {"pen": 1}
    assert clear(cart, ClearCart(**named()))[0].items == {}


def test_a_key_counts_once_for_every_kind_of_change_however_many_come_in_between():
    cart, _ = change(cart_of(mug=1), ChangeItem(**named("first"), product_id="mug", quantity=7))
    for number in range(300):
        cart, _ = change(cart, ChangeItem(**named(str(number)), product_id="mug", quantity=1))
    again, result = change(cart, ChangeItem(**named("first"), product_id="mug", quantity=7))
    assert (again.items, result.outcome) == ({"mug": 1}, Outcome.DONE)


@pytest.mark.parametrize(
    "ask",
    [
        lambda cart: add(cart, item("mug", 3, "k")),
        lambda cart: add(cart, item("pen", 2, "k")),
        lambda cart: change(cart, ChangeItem(**named(), product_id="mug", quantity=2)),
        lambda cart: remove(cart, RemoveItem(**named(), product_id="mug")),
        lambda cart: clear(cart, ClearCart(**named())),
    ],
)
def test_a_key_that_stands_for_another_change_is_refused_and_changes_nothing(ask: Callable[[Cart], Any]):
    cart, _ = add(None, item("mug", 2, "k"))
    after, result = ask(cart)
    assert (after, reason(result)) == (cart, "key_reused")


def test_only_what_is_in_the_cart_can_be_changed():
    assert reason(change(cart_of(pen=1), ChangeItem(**named(), product_id="mug", quantity=1))[1]) == "not_in_cart"
    assert remove(cart_of(pen=1), RemoveItem(**named(), product_id="mug"))[1].outcome is Outcome.DONE


def test_while_a_checkout_is_under_way_only_additions_are_taken():
    cart = being_checked_out(mug=2)
    assert reason(change(cart, ChangeItem(**named(), product_id="mug", quantity=1))[1]) == "checkout_under_way"
    assert reason(remove(cart, RemoveItem(**named(), product_id="mug"))[1]) == "checkout_under_way"
    assert reason(clear(cart, ClearCart(**named()))[1]) == "checkout_under_way"
    assert add(cart, item("pen", 1))[1].outcome is Outcome.DONE


def test_a_checkout_orders_the_same_however_often_it_is_begun():
    cart = being_checked_out(mug=2)
    cart, _ = add(cart, item("mug", 5))
    _, begun = begin_checkout(cart, BeginCheckout(number=1))
    assert [(line.product_id, line.quantity) for line in begun.lines] == [("mug", 2)]


def test_an_accepted_order_takes_out_what_was_ordered_and_leaves_what_came_later():
    cart = being_checked_out(mug=2, pen=1)
    cart, _ = add(cart, item("mug", 1))
    cart, _ = add(cart, item("ink", 4))
    cart = finished(cart, accepted=True)
    assert (cart.items, cart.ordering, cart.number) == ({"mug": 1, "ink": 4}, None, 2)


def test_a_refused_order_leaves_the_cart_as_it_is_and_the_next_press_is_another_checkout():
    cart = finished(being_checked_out(mug=2), accepted=False)
    assert (cart.items, cart.ordering, cart.number) == ({"mug": 2}, None, 2)


def test_the_end_of_a_checkout_counts_once():
    cart = finished(being_checked_out(mug=2), accepted=True)
    cart, _ = add(cart, item("mug", 2, "later"))
    assert finished(cart, accepted=True) == cart
    again, begun = begin_checkout(cart, BeginCheckout(number=1))
    assert (again, reason(begun)) == (cart, "checkout_over")


def test_an_empty_cart_is_not_ordered_and_its_number_is_used_up():
    cart, begun = begin_checkout(None, BeginCheckout(number=1))
    assert cart is not None
    assert (reason(begun), cart.number, cart.ordering) == ("cart_empty", 2, None)


def test_a_cart_survives_its_storage():
    cart, _ = add(being_checked_out(mug=2), item("pen", 1))
    assert Cart.from_state(cart.to_state()) == cart


def test_every_checkout_has_an_order_of_its_own():
    assert len({checkout_id(customer, number) for customer in ("ada", "ada#1") for number in (1, 2, 12)}) == 6


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(["mug", "pen"]), st.integers(1, 5)),
        st.tuples(st.just("begin"), st.none(), st.none()),
        st.tuples(st.just("finish"), st.none(), st.booleans()),
        st.tuples(st.just("repeat"), st.none(), st.booleans()),
    ),
    max_size=30,
)


@given(steps)
def test_whatever_was_added_is_in_the_cart_or_in_exactly_one_accepted_order(operations):
    """In any order of additions, presses and ends, some of them repeated."""
    cart: Cart | None = None
    added, ordered = {"mug": 0, "pen": 0}, {"mug": 0, "pen": 0}
    for count, (what, product_id, value) in enumerate(operations):
        if what == "add":
            cart, _ = add(cart, item(product_id, value, str(count)))
            added[product_id] += value
        elif what == "begin":
            cart, _ = begin_checkout(cart, BeginCheckout(number=cart.number if cart else 1))
        elif cart is not None:
            number = cart.number if what == "finish" else cart.number - 1
            if what == "finish" and value and cart.ordering is not None:
                ordered = {name: units + cart.ordering.get(name, 0) for name, units in ordered.items()}
            if number >= 1:
                cart, _ = finish_checkout(cart, FinishCheckout(number=number, accepted=value))
    held = cart.items if cart else {}
    assert added == {name: ordered[name] + held.get(name, 0) for name in added}
