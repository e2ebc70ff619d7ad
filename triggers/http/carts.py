"""A customer's cart: look at it, fill it, order what is in it.

Changes are signals to the cart's entity, which decides for itself when they reach it; what is plainly impossible now is refused
now. An order is made from what the entity froze, never from what was read here.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

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
from domain.wire import Edge, Wire
from domain.workflows.run import WorkflowKey
from domain.workflows.steps import Outcome, StepResult
from services.container import services
from triggers.http.support.entities import read_entity
from triggers.http.support.links import resource
from triggers.http.support.problems import answers_problems, conflict, invalid_field, not_found
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import operation_key, path_id
from triggers.http.support.responses import accepted, answer
from triggers.http.support.workflows import is_started_once, run_status, started_answer

C = TypeVar("C", bound=KeyedChange)

bp = df.Blueprint()

CART: Final = "carts/{customer_id}"
CART_ITEMS: Final = "carts/{customer_id}/items"
CART_ITEM: Final = "carts/{customer_id}/items/{product_id}"
CART_CHECKOUT: Final = "carts/{customer_id}/checkout"
CART_CHECKOUT_RUN: Final = "carts/{customer_id}/checkouts/{id}"


class CartAnswer(Wire):
    """checkout_under_way: until its order is accepted or refused, the cart takes additions only, which that order leaves out."""

    customer_id: str
    items: tuple[OrderLine, ...]
    checkout_under_way: bool


class CartAddition(Edge):
    """The body of `POST /api/carts/{customer_id}/items`. key: names the addition; without it each request is one of its own."""

    product_id: ProductId
    quantity: Quantity
    key: ChangeKey | None = None


class ItemQuantity(Edge):
    """The body of `PUT /api/carts/{customer_id}/items/{product_id}`."""

    quantity: Quantity


class CartChange(Wire):
    """A change that is on its way. key: send it again to be sure that it counts once."""

    customer_id: str
    statusQueryGetUri: str
    key: str


@bp.route(route=CART, methods=["GET"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def get_cart(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """200, also for a customer who never put anything in."""
    customer_id = path_id(req, "customer_id", CustomerId)
    cart = await _read(client, customer_id) or Cart()
    items = tuple(OrderLine(product_id=item, quantity=units) for item, units in cart.items.items())
    return answer(CartAnswer(customer_id=customer_id, items=items, checkout_under_way=cart.ordering is not None))


@bp.route(route=CART_ITEMS, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def add_cart_item(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202; 422 for a product that is not sold, 409 for more than an order takes."""
    addition = read_body(req, CartAddition)
    await _check_sold(addition.product_id)
    request = rules.AddItem(
        key=operation_key(req, addition.key),
        requested_at=datetime.now(UTC),
        product_id=addition.product_id,
        quantity=addition.quantity,
    )
    return await _have_done(req, client, CART_ITEMS, rules.add, request)


@bp.route(route=CART_ITEM, methods=["PUT"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def change_cart_item(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202; 409 when the product is not in the cart, or the cart is being checked out."""
    product_id = path_id(req, "product_id", ProductId)
    quantity = read_body(req, ItemQuantity).quantity
    request = rules.ChangeItem(**_named_by_header(req), product_id=product_id, quantity=quantity)
    return await _have_done(req, client, CART_ITEM, rules.change, request)


@bp.route(route=CART_ITEM, methods=["DELETE"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def remove_cart_item(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202, also when the product is not in the cart; 409 while the cart is being checked out."""
    request = rules.RemoveItem(**_named_by_header(req), product_id=path_id(req, "product_id", ProductId))
    return await _have_done(req, client, CART_ITEM, rules.remove, request)


@bp.route(route=CART, methods=["DELETE"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def clear_cart(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202; 409 while the cart is being checked out."""
    return await _have_done(req, client, CART, rules.clear, rules.ClearCart(**_named_by_header(req)))


@bp.route(route=CART_CHECKOUT, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def check_out_cart(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 for the first press and for each repeat of it; 409 for an empty cart, or another checkout while one is under way."""
    customer_id = path_id(req, "customer_id", CustomerId)
    request = read_body(req, CheckoutRequest)
    cart = await _read(client, customer_id) or Cart()
    # Pressed again after the first press had emptied the cart, this is that checkout, not one of an empty cart.
    number = cart.number if cart.items else max(cart.number - 1, 1)
    if not cart.items and cart.number == 1:
        raise _empty()
    asked = CheckOutCart(customer_id=customer_id, number=number, **dict(request))
    key = checkout_id(customer_id, number)
    if not await is_started_once(client, CHECKOUT_CART, key, asked):
        raise (
            _empty() if not cart.items else conflict("checkout_under_way", "This cart is being checked out otherwise.")
        )
    return started_answer(req, CART_CHECKOUT, f"carts/{customer_id}/checkouts", key)


@bp.route(route=CART_CHECKOUT_RUN, methods=["GET"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def get_cart_checkout(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 while the checkout goes on, 200 when its order is accepted or refused. Its id is the order's."""
    customer_id = path_id(req, "customer_id", CustomerId)
    if not is_checkout_of(customer_id, path_id(req, "id", WorkflowKey)):
        raise not_found("checkout_cart_not_found", "This customer has no checkout with this id.")
    return await run_status(req, client, CHECKOUT_CART, CART_CHECKOUT_RUN, f"carts/{customer_id}/checkouts")


async def _read(client: df.DurableOrchestrationClient, customer_id: str) -> Cart | None:
    return Cart.from_state(await read_entity(client, CART_ENTITY, customer_id))


async def _have_done(
    req: func.HttpRequest,
    client: df.DurableOrchestrationClient,
    route: str,
    rule: Callable[[Cart | None, C], tuple[Cart, StepResult]],
    request: C,
) -> func.HttpResponse:
    """Send the cart an operation, unless its rule says already now that it will be refused: 409."""
    customer_id = path_id(req, "customer_id", CustomerId)
    _, expected = rule(await _read(client, customer_id), request)
    # The entity decides again when the signal reaches it; but a signal has no answer, so say now what is plain now.
    if expected.outcome is not Outcome.DONE:
        raise conflict(expected.reason_code or "refused", f"The cart does not allow it: {expected.message}.")
    await client.signal_entity(df.EntityId(CART_ENTITY, customer_id), request.operation, request.to_wire())
    cart_uri = resource(req, route, "carts", customer_id)
    return accepted(CartChange(customer_id=customer_id, statusQueryGetUri=cart_uri, key=request.key), cart_uri)


def _named_by_header(req: func.HttpRequest) -> dict[str, Any]:
    return {"key": operation_key(req, None), "requested_at": datetime.now(UTC)}


async def _check_sold(product_id: str) -> None:
    product = await asyncio.to_thread(services().catalogue.get, product_id)
    if product is None or not product.for_sale:
        raise invalid_field("product_id", "unknown_product", "The catalogue does not sell this product")


def _empty() -> Exception:
    return conflict("cart_empty", "There is nothing in this cart, or not yet: a change takes a moment to arrive.")
