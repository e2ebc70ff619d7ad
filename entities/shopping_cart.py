"""The shopping cart entity: one per customer, keyed by customer id. Its rules are `domain/carts/cart.py`."""

from typing import Final

import azure.durable_functions as df

from domain.carts import cart as rules
from domain.carts.cart import Cart
from domain.carts.steps import BEGIN_CHECKOUT, FINISH_CHECKOUT
from entities.shell import Operations, answer_batch

bp = df.Blueprint()

_OPERATIONS: Final[Operations[Cart]] = {
    "add": (rules.AddItem, rules.add),
    "change": (rules.ChangeItem, rules.change),
    "remove": (rules.RemoveItem, rules.remove),
    "clear": (rules.ClearCart, rules.clear),
    BEGIN_CHECKOUT: (rules.BeginCheckout, rules.begin_checkout),
    FINISH_CHECKOUT: (rules.FinishCheckout, rules.finish_checkout),
}


@bp.entity_trigger(context_name="context")
def shopping_cart(context: df.DurableEntityContext) -> None:
    """Run the operations of one customer's cart.

    begin_checkout answers with a `CheckoutBegun`, get with the state or null, every other operation with a `StepResult`.
    """
    answer_batch(context, Cart, _OPERATIONS)
