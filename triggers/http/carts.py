"""Show, fill and check out the carts of customers.

Changes are signals to the cart's entity, which decides when they arrive. What is impossible already is refused at once. An order is
made of what the entity froze, never of what was read here.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

import azure.durable_functions as df
import azure.functions as func

from domain.carts import cart as rules
from domain.carts.cart import (
    CART_ENTITY,
    CHECKOUT_CART,
    Cart,
    CheckOutCart,
    CheckoutRequest,
    checkout_id,
    is_checkout_of,
)
from domain.catalogue.product import OrderLine, Quantity
from domain.ids import CustomerId, ProductId
from domain.keyed_changes import ChangeKey, KeyedChange
from domain.shipping.shipment import Address
from domain.wire import Edge, Email, Wire
from domain.workflows.steps import Outcome, StepResult
from services.container import services
from services.durable.entities import read_entity
from services.workflows.runs import RunConflict, RunView, start_once
from triggers.http.support.changes import ChangeAnswer, ChangeLinks, change_status, links_of
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.links import resource
from triggers.http.support.operation import operation
from triggers.http.support.problems import conflict, invalid_field, not_found
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import operation_key, path_id
from triggers.http.support.responses import accepted, answer
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import WorkflowLinks, run_status, started_answer

C = TypeVar("C", bound=KeyedChange)

bp = df.Blueprint()


class CheckoutAsked(Wire):
    """What a checkout was asked with. What it orders is in its order."""

    customer_id: CustomerId
    number: int
    email: Email
    ship_to: Address


class CheckoutDocument(RunDocument):
    """A checkout, and how far it is."""

    asked: ClassVar = CheckoutAsked

    request: CheckoutAsked | None


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
    answers={200: CartAnswer},
)
async def get_cart(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a customer's cart.

    A customer who has never put anything in has an empty one.
    """
    customer_id = path_id(req, "customer_id")
    cart = await _read(client, customer_id) or Cart()
    items = tuple(OrderLine(product_id=item, quantity=units) for item, units in cart.items.items())
    return answer(CartAnswer(customer_id=customer_id, items=items, checkout_under_way=cart.ordering is not None))


@operation(
    bp,
    "POST",
    "carts/{customer_id}/items",
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
    await _check_sold(addition.product_id)
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
    takes_idempotency_key=True,
    answers={202: CartChange},
    problems={409: "The cart is being checked out, or another change has this key."},
)
async def clear_cart(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Empty a cart."""
    return await _send_change(req, client, rules.clear, rules.ClearCart(**_key_of_header(req)))


@operation(
    bp,
    "POST",
    "carts/{customer_id}/checkout",
    body=CheckoutRequest,
    answers={202: WorkflowLinks},
    problems={409: "The cart is empty, or another checkout of it is under way."},
)
async def check_out_cart(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Order what is in a cart.

    A repeat of the same checkout gets the same answer.
    """
    customer_id = path_id(req, "customer_id")
    request = read_body(req, CheckoutRequest)
    cart = await _read(client, customer_id) or Cart()
    # The first request empties the cart: a repeat of it is that checkout, not one of an empty cart.
    number = cart.number if cart.items else max(cart.number - 1, 1)
    if not cart.items and cart.number == 1:
        raise _empty()
    checkout = CheckOutCart(customer_id=customer_id, number=number, **dict(request))
    key = checkout_id(customer_id, number)
    try:
        await start_once(client, CHECKOUT_CART, key, checkout)
    except RunConflict:
        other = conflict("checkout_under_way", "Another checkout of this cart is under way.")
        raise (other if cart.items else _empty()) from None
    return started_answer(f"carts/{customer_id}/checkouts", key)


@operation(
    bp,
    "GET",
    "carts/{customer_id}/checkouts/{id}",
    query=ViewQuery,
    answers={200: (CheckoutDocument, DurableStatus), 202: (CheckoutDocument, DurableStatus)},
)
async def get_cart_checkout(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a checkout.

    The status is 202 while it goes on and 200 when its order is accepted or refused. Its id is also the id of its
    order.
    """
    customer_id = path_id(req, "customer_id")
    if not is_checkout_of(customer_id, path_id(req, "id")):
        raise not_found("checkout_cart_not_found", "This customer has no checkout with this id.")
    return await run_status(
        req, client, CHECKOUT_CART, f"carts/{customer_id}/checkouts", CheckoutDocument, links=_links
    )


@operation(
    bp,
    "GET",
    "carts/{customer_id}/changes/{change_id}",
    answers={200: ChangeAnswer, 202: ChangeAnswer},
)
async def get_cart_change(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return what became of a change of a cart.

    The status is 202 until the cart has decided on it and 200 when it is made or refused. It is known for seven days.
    """
    customer_id = path_id(req, "customer_id")
    cart = await _read(client, customer_id) or Cart()
    return change_status(req, cart.changes, "carts", customer_id, "changes")


async def _read(client: df.DurableOrchestrationClient, customer_id: str) -> Cart | None:
    return Cart.from_state(await read_entity(client, CART_ENTITY, customer_id))


async def _send_change(
    req: func.HttpRequest,
    client: df.DurableOrchestrationClient,
    rule: Callable[[Cart | None, C], tuple[Cart, StepResult]],
    request: C,
) -> func.HttpResponse:
    """Signal the cart's entity.

    Raises:
        Problem: 409 when the rule already refuses the change.
    """
    customer_id = path_id(req, "customer_id")
    _, expected = rule(await _read(client, customer_id), request)
    # The entity decides again when the signal arrives. A signal has no answer, so a refusal that is certain is given here.
    if expected.outcome is not Outcome.DONE:
        raise conflict(expected.reason_code or "refused", f"The cart does not allow it: {expected.message}.")
    await client.signal_entity(df.EntityId(CART_ENTITY, customer_id), request.operation, request.to_wire())
    links = CartChange(customer_id=customer_id, **links_of(request, "carts", customer_id, "changes"))
    return accepted(links, links.statusQueryGetUri)


def _key_of_header(req: func.HttpRequest) -> dict[str, Any]:
    return {"key": operation_key(req, None), "requested_at": datetime.now(UTC)}


async def _check_sold(product_id: str) -> None:
    product = await asyncio.to_thread(services().catalogue.get, product_id)
    if product is None or not product.for_sale:
        raise invalid_field("product_id", "unknown_product", "The catalogue does not sell this product")


def _empty() -> Exception:
    return conflict("cart_empty", "The cart is empty. A change takes a moment to arrive.")


def _links(view: RunView) -> dict[str, str]:
    return {"order": resource("orders", view.key)} if view.progress.status == "completed" else {}
