"""Show and fill the carts of customers.

Changes are signals to the cart's entity, which decides when they arrive. What is impossible already is refused at once.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import azure.durable_functions as df
import azure.functions as func

from domain.carts import cart as rules
from domain.carts.cart import Cart
from domain.catalogue.product import OrderLine, Quantity
from domain.identity import Role
from domain.ids import ProductId
from domain.keyed_changes import ChangeKey, KeyedChange
from domain.wire import Edge, Wire
from domain.workflows.steps import StepResult
from services.carts.changes import change_cart, check_sold, read_cart
from triggers.http.support.changes import ChangeAnswer, ChangeLinks, change_status, links_of
from triggers.http.support.operation import operation
from triggers.http.support.owners import own_customer
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import operation_key, path_id
from triggers.http.support.responses import accepted, answer

C = TypeVar("C", bound=KeyedChange)

bp = df.Blueprint()


class CartAnswer(Wire):
    """A customer's cart. While a checkout is under way, the cart takes additions only, and its order leaves them out."""

    customer_id: str
    items: tuple[OrderLine, ...]
    checkout_under_way: bool


class CartAddition(Edge):
    """Units to add. The key names the addition, so that a repeat counts once; without a key each request counts."""

    product_id: ProductId
    quantity: Quantity
    key: ChangeKey | None = None


class ItemQuantity(Edge):
    """The units that the cart is to hold."""

    quantity: Quantity


class CartChange(ChangeLinks):
    """A change that is on its way, and where it can be looked up. Send its key again to be sure that it counts once."""

    customer_id: str


@operation(
    bp,
    "GET",
    "carts/{customer_id}",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR, Role.AUDITOR}),
    answers={200: CartAnswer},
)
async def get_cart(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a customer's cart.

    A customer who has never put anything in has an empty one.
    """
    customer_id = own_customer(req, Role.OPERATOR, Role.AUDITOR)
    cart = await read_cart(client, customer_id) or Cart()
    items = tuple(OrderLine(product_id=item, quantity=units) for item, units in cart.items.items())
    return answer(CartAnswer(customer_id=customer_id, items=items, checkout_under_way=cart.ordering is not None))


@operation(
    bp,
    "POST",
    "carts/{customer_id}/items",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR}),
    body=CartAddition,
    takes_idempotency_key=True,
    answers={202: CartChange},
    problems={409: "An order cannot take so much, or another change has this key."},
)
async def add_cart_item(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Put units of a product into a cart.

    Send a key or an Idempotency-Key: a repeat under the same name then counts once.
    """
    addition = read_body(req, CartAddition)
    await check_sold(addition.product_id)
    request = rules.AddItem(
        key=operation_key(req, addition.key),
        requested_at=datetime.now(UTC),
        product_id=addition.product_id,
        quantity=addition.quantity,
    )
    return await _send_change(req, client, rules.add, request)


@operation(
    bp,
    "PUT",
    "carts/{customer_id}/items/{product_id}",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR}),
    body=ItemQuantity,
    takes_idempotency_key=True,
    answers={202: CartChange},
    problems={
        409: "The product is not in the cart, an order cannot take so much, the cart is being checked out, or another "
        "change has this key."
    },
)
async def change_cart_item(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Set the units of a product in a cart."""
    product_id = path_id(req, "product_id")
    quantity = read_body(req, ItemQuantity).quantity
    request = rules.ChangeItem(**_key_of_header(req), product_id=product_id, quantity=quantity)
    return await _send_change(req, client, rules.change, request)


@operation(
    bp,
    "DELETE",
    "carts/{customer_id}/items/{product_id}",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR}),
    takes_idempotency_key=True,
    answers={202: CartChange},
    problems={409: "The cart is being checked out, or another change has this key."},
)
async def remove_cart_item(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Remove a product from a cart.

    The status is 202 also when the product is not in the cart.
    """
    request = rules.RemoveItem(**_key_of_header(req), product_id=path_id(req, "product_id"))
    return await _send_change(req, client, rules.remove, request)


@operation(
    bp,
    "DELETE",
    "carts/{customer_id}",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR}),
    takes_idempotency_key=True,
    answers={202: CartChange},
    problems={409: "The cart is being checked out, or another change has this key."},
)
async def clear_cart(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Empty a cart."""
    return await _send_change(req, client, rules.clear, rules.ClearCart(**_key_of_header(req)))


@operation(
    bp,
    "GET",
    "carts/{customer_id}/changes/{change_id}",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR, Role.AUDITOR}),
    answers={200: ChangeAnswer, 202: ChangeAnswer},
)
async def get_cart_change(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return what became of a change of a cart.

    The status is 202 until the cart has decided on it and 200 when it is made or refused. It is known for seven days.
    """
    customer_id = own_customer(req, Role.OPERATOR, Role.AUDITOR)
    cart = await read_cart(client, customer_id) or Cart()
    return change_status(req, cart.changes, "carts", customer_id, "changes")


async def _send_change(
    req: func.HttpRequest,
    client: df.DurableOrchestrationClient,
    rule: Callable[[Cart | None, C], tuple[Cart, StepResult]],
    request: C,
) -> func.HttpResponse:
    """Send a change of the cart that the path names, and return a 202 with where it can be looked up."""
    customer_id = own_customer(req, Role.OPERATOR, Role.AUDITOR)
    await change_cart(client, customer_id, rule, request)
    links = CartChange(customer_id=customer_id, **links_of(request, "carts", customer_id, "changes"))
    return accepted(links, links.statusQueryGetUri)


def _key_of_header(req: func.HttpRequest) -> dict[str, Any]:
    return {"key": operation_key(req, None), "requested_at": datetime.now(UTC)}
