"""Check carts out, and show each checkout. An order is made of what the cart's entity froze, never of what was read here."""

from typing import ClassVar

import azure.durable_functions as df
import azure.functions as func

from domain.carts.cart import CHECKOUT_CART, CheckoutRequest, is_checkout_of
from domain.identity import Role
from domain.ids import CustomerId
from domain.shipping.shipment import Address
from domain.wire import Email, Wire
from services.carts.checkout import check_out
from services.workflows.runs import RunView
from triggers.http.support.callers import caller
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.links import resource
from triggers.http.support.operation import operation
from triggers.http.support.owners import own_customer
from triggers.http.support.problems import not_found
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import WorkflowLinks, run_status, started_answer

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


@operation(
    bp,
    "POST",
    "carts/{customer_id}/checkout",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR}),
    body=CheckoutRequest,
    answers={202: WorkflowLinks},
    problems={409: "The cart is empty, or another checkout of it is under way."},
)
async def check_out_cart(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Order what is in a cart.

    A repeat of the same checkout gets the same answer.
    """
    customer_id = own_customer(req, Role.OPERATOR)
    key = await check_out(client, customer_id, read_body(req, CheckoutRequest), caller())
    return started_answer(f"carts/{customer_id}/checkouts", key)


@operation(
    bp,
    "GET",
    "carts/{customer_id}/checkouts/{id}",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR, Role.AUDITOR}),
    query=ViewQuery,
    answers={200: (CheckoutDocument, DurableStatus), 202: (CheckoutDocument, DurableStatus)},
)
async def get_cart_checkout(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a checkout.

    The status is 202 while it goes on and 200 when its order is accepted or refused. Its id is also the id of its
    order.
    """
    customer_id = own_customer(req, Role.OPERATOR, Role.AUDITOR)
    if not is_checkout_of(customer_id, path_id(req, "id")):
        raise not_found("checkout_cart_not_found", "This customer has no checkout with this id.")
    return await run_status(
        req, client, CHECKOUT_CART, f"carts/{customer_id}/checkouts", CheckoutDocument, links=_links
    )


def _links(view: RunView) -> dict[str, str]:
    return {"order": resource("orders", view.key)} if view.progress.status == "completed" else {}
