"""Show, restock and adjust the stock of products.

Changes are signals to the product's entity, which decides when they arrive. Each has a key, so that a repeat counts once.
"""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.inventory.movements import adjust, restock
from domain.inventory.requests import AdjustRequest, CorrectionReason, RestockRequest, UnitsFound, UnitsReceived
from domain.inventory.stock import Stock
from domain.keyed_changes import ChangeKey, KeyedChange
from domain.wire import Edge, Wire
from services.inventory.stock import move_stock, read_stock
from triggers.http.support.changes import ChangeAnswer, ChangeLinks, change_status, links_of
from triggers.http.support.operation import operation
from triggers.http.support.products import known_product
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import operation_key
from triggers.http.support.responses import accepted, answer

bp = df.Blueprint()


class StockAnswer(Wire):
    """Units of one product: `reservations` counts the orders with reserved ones, `backordered` units are paid and out of stock."""

    product_id: str
    available: int
    reserved: int
    sold: int
    reservations: int
    backordered: int


class Delivery(Edge):
    """Units that arrived. The key names the delivery, so that a repeat counts once; without a key each request counts."""

    quantity: UnitsReceived
    key: ChangeKey | None = None


class Correction(Edge):
    """A correction after counting. The key names it, so that a repeat counts once; without a key each request counts."""

    delta: UnitsFound
    reason: CorrectionReason
    key: ChangeKey | None = None


class MovementLinks(ChangeLinks):
    """A movement that is on its way, and where it can be looked up. Send its key again to be sure that it counts once."""

    product_id: str


@operation(
    bp,
    "GET",
    "inventory/{product_id}",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR, Role.CATALOGUE_MANAGER, Role.AUDITOR}),
    answers={200: StockAnswer},
)
async def get_inventory(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return the stock of a product."""
    product = await known_product(req)
    stock = await read_stock(client, product.product_id) or Stock()
    return answer(
        StockAnswer(
            product_id=product.product_id,
            available=stock.available,
            reserved=stock.reserved,
            sold=stock.sold,
            reservations=len(stock.reservations),
            backordered=sum(stock.backordered.values()),
        )
    )


@operation(
    bp,
    "POST",
    "inventory/{product_id}/restock",
    roles=frozenset({Role.OPERATOR, Role.CATALOGUE_MANAGER}),
    body=Delivery,
    takes_idempotency_key=True,
    answers={202: MovementLinks},
    problems={409: "The stock does not allow it, or another movement has this key."},
)
async def restock_inventory(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Add goods that have arrived.

    The stock grows shortly after the answer; `Location` is where to see that it did. Send a key or an Idempotency-Key: a
    repeat under the same name then counts once.
    """
    product_id = (await known_product(req)).product_id
    delivery = read_body(req, Delivery)
    request = RestockRequest(
        key=operation_key(req, delivery.key), requested_at=datetime.now(UTC), quantity=delivery.quantity
    )
    await move_stock(client, product_id, restock, request)
    return _accepted(product_id, request)


@operation(
    bp,
    "POST",
    "inventory/{product_id}/adjustment",
    roles=frozenset({Role.OPERATOR, Role.CATALOGUE_MANAGER}),
    body=Correction,
    takes_idempotency_key=True,
    answers={202: MovementLinks},
    problems={409: "More units would be missing than are available for orders, or another movement has this key."},
)
async def adjust_inventory(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Correct the count of a product.

    The stock changes shortly after the answer, unless it has become too small; `Location` is where to see that. Send a key
    or an Idempotency-Key: a repeat under the same name then counts once.
    """
    product_id = (await known_product(req)).product_id
    correction = read_body(req, Correction)
    key = operation_key(req, correction.key)
    request = AdjustRequest(key=key, requested_at=datetime.now(UTC), delta=correction.delta, reason=correction.reason)
    await move_stock(client, product_id, adjust, request)
    return _accepted(product_id, request)


@operation(
    bp,
    "GET",
    "inventory/{product_id}/movements/{change_id}",
    roles=frozenset({Role.OPERATOR, Role.CATALOGUE_MANAGER, Role.AUDITOR}),
    answers={200: ChangeAnswer, 202: ChangeAnswer},
)
async def get_stock_movement(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return what became of a restock or a correction.

    The status is 202 until the stock has decided on it and 200 when it is done or refused. It is known for seven days.
    """
    product_id = (await known_product(req)).product_id
    stock = await read_stock(client, product_id) or Stock()
    return change_status(req, stock.movements, "inventory", product_id, "movements")


def _accepted(product_id: str, movement: KeyedChange) -> func.HttpResponse:
    links = MovementLinks(product_id=product_id, **links_of(movement, "inventory", product_id, "movements"))
    return accepted(links, links.statusQueryGetUri)
