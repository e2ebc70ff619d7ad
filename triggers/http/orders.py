"""Place, show and list orders."""

from typing import Any, Final

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.ids import CustomerId, ProductId, Version
from domain.orders.listing import ListedOrder, OrderFilter
from domain.orders.order import OrderRequest, OrderStatus
from domain.page import Page
from domain.payments.payment import PaymentId
from domain.shipping.tracking import TrackingCode
from domain.wire import Edge, EmailAddress, Timestamp, Wire
from services.container import services
from services.orders.admission import admit_order
from services.orders.document import order_facts
from services.orders.start import place_order_for
from triggers.http.support.callers import caller, customer_scope
from triggers.http.support.durable_view import DurableStatus, ViewQuery, address_of_view
from triggers.http.support.links import OrderLinks, order_links
from triggers.http.support.operation import operation
from triggers.http.support.order_document import OrderDocument, durable_order, order_document
from triggers.http.support.order_intake import named_order_id
from triggers.http.support.owners import check_customer, check_stated_customer
from triggers.http.support.paging import PageQuery, read_page
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import idempotency_key, path_id, read_query
from triggers.http.support.responses import accepted, answer

bp = df.Blueprint()

# Beside the storefront, which reads those of its customer.
_READERS: Final = (Role.APPROVER, Role.OPERATOR, Role.AUDITOR)


class OrderQuery(PageQuery):
    """The query of a list of orders: those that meet every condition. `placed_from` is included, `placed_to` is not.

    `email` and `tracking_code` are found in any case. `product_id` is in any line of an order.
    """

    customer_id: CustomerId | None = None
    email: EmailAddress | None = None
    product_id: ProductId | None = None
    tracking_code: TrackingCode | None = None
    payment_id: PaymentId | None = None
    status: OrderStatus | None = None
    placed_from: Timestamp | None = None
    placed_to: Timestamp | None = None


class PlacementQuery(Edge):
    """How an order is placed. `version` is that of the orchestrator: one of ORDER_VERSIONS, the first of which is usual."""

    version: Version | None = None


class OrderList(Wire):
    """One page of orders. `next_cursor` is for the next page, null on the last one."""

    orders: tuple[ListedOrder, ...]
    next_cursor: str | None


@operation(
    bp,
    "POST",
    "orders",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR}),
    body=OrderRequest,
    query=PlacementQuery,
    takes_idempotency_key=True,
    answers={202: OrderLinks},
    problems={409: "Another order has this id, or one that differs in case only."},
)
async def place_order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Place an order.

    Send an order_id or an Idempotency-Key: a repeat under the same name then changes nothing and gets the same answer.
    """
    request = read_body(req, OrderRequest)
    check_stated_customer(request.customer_id, Role.OPERATOR)
    order_id = named_order_id(request, idempotency_key(req))
    version = read_query(req, PlacementQuery).version
    await admit_order(order_id)
    links = order_links(await place_order_for(client, caller(), request, order_id, version))
    return accepted(links, links.statusQueryGetUri)


@operation(
    bp,
    "GET",
    "orders/{order_id}",
    roles=frozenset({Role.STOREFRONT, Role.APPROVER, Role.OPERATOR, Role.AUDITOR}),
    query=ViewQuery,
    answers={200: (OrderDocument, DurableStatus), 202: (OrderDocument, DurableStatus)},
)
async def get_order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return an order: what was ordered, where it stands, and what can be done with it.

    The status is 202 while the order is processed and 200 when it has ended. With `view=durable` the answer has the keys
    of the Durable extension's status query.
    """
    order_id = path_id(req, "order_id")
    query = read_query(req, ViewQuery)
    await check_customer(order_id, *_READERS)
    facts = await order_facts(client, order_id)
    document = order_document(facts) if query.view is None else durable_order(facts)
    if facts.view.is_running:
        return accepted(document, address_of_view(query, "orders", order_id))
    return answer(document)


@operation(
    bp,
    "GET",
    "orders",
    roles=frozenset({Role.STOREFRONT, Role.APPROVER, Role.OPERATOR, Role.AUDITOR}),
    query=OrderQuery,
    answers={200: OrderList},
)
async def list_orders(req: func.HttpRequest) -> func.HttpResponse:
    """List orders, newest first.

    A cursor goes on with the same filters only. Orders that are placed or change meanwhile move no other one to another page. Where
    several filters leave few orders, a page may be shorter than `limit`, or empty, and still have a next one.
    """
    query, scope = read_query(req, OrderQuery), customer_scope(*_READERS)
    if scope is not None:
        query = query.model_copy(update={"customer_id": scope})
    page = await read_page(_listed, query)
    return answer(OrderList(orders=tuple(page.items), next_cursor=page.cursor))


def _listed(*, cursor: str | None, limit: int, **wanted: Any) -> Page[ListedOrder]:
    return services().order_repository.list(OrderFilter(**wanted), cursor=cursor, limit=limit)
