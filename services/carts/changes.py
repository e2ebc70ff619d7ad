"""Read and change carts from outside of orchestrations.

Changes are signals to the cart's entity, which decides when they arrive. A signal has no answer, so a refusal that is certain
is given at once.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import azure.durable_functions as df

from domain.carts.cart import CART_ENTITY, Cart
from domain.keyed_changes import KeyedChange
from domain.refusals import Conflict, Invalid
from domain.workflows.steps import Outcome, StepResult
from services.container import services
from services.durable.client import DurableClient
from services.durable.entities import read_entity

C = TypeVar("C", bound=KeyedChange)


class CartChangeRefused(Conflict):
    """The cart does not allow the change."""

    def __init__(self, refusal: StepResult) -> None:
        super().__init__(refusal.reason_code or "refused", f"The cart does not allow it: {refusal.message}.")


async def read_cart(client: DurableClient, customer_id: str) -> Cart | None:
    """Return the customer's cart as last written; None when nothing was ever put in."""
    return Cart.from_state(await read_entity(client, CART_ENTITY, customer_id))


async def check_sold(product_id: str) -> None:
    """Raise Invalid for a product that the catalogue does not sell."""
    product = await asyncio.to_thread(services().catalogue.get, product_id)
    if product is None or not product.for_sale:
        raise Invalid.of_field("product_id", "unknown_product", "The catalogue does not sell this product")


async def change_cart(
    client: DurableClient, customer_id: str, rule: Callable[[Cart | None, C], tuple[Cart, StepResult]], request: C
) -> None:
    """Send a change to the cart's entity.

    Args:
        client: The durable client.
        customer_id: Whose cart it is.
        rule: By which the entity will decide.
        request: The change.

    Raises:
        CartChangeRefused: The rule refuses the change already.
    """
    _, expected = rule(await read_cart(client, customer_id), request)
    if expected.outcome is not Outcome.DONE:
        raise CartChangeRefused(expected)
    await client.signal_entity(df.EntityId(CART_ENTITY, customer_id), request.operation, request.to_wire())
