"""Place, show and list orders."""

import azure.durable_functions as df
import azure.functions as func

from domain.ids import CustomerId
from domain.orders.order import OrderRequest, OrderStatus
from domain.orders.row import OrderRow
from domain.wire import Timestamp, Wire
from services.container import services
from services.orders.start import take_in_order
from services.orders.status import view_order
from triggers.http.support.links import OrderLinks, order_links, resource
from triggers.http.support.operation import operation
from triggers.http.support.order_intake import named_order_id
from triggers.http.support.order_view import OrderAnswer, order_answer
from triggers.http.support.paging import PageQuery, read_page
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import idempotency_key, path_id, read_query
from triggers.http.support.responses import accepted, answer

bp = df.Blueprint()


class OrderQuery(PageQuery):
    """The query of a list of orders. `placed_from` is included, `placed_to` is not."""

    customer_id: CustomerId | None = None
    status: OrderStatus | None = None
    placed_from: Timestamp | None = None
    placed_to: Timestamp | None = None


class OrderSummary(Wire):
    """An order as lists show it. A field is null where the order was started past the order repository."""

    order_id: str
    customer_id: str | None
    status: OrderStatus
    total_cents: int | None
    currency: str | None
    placed_at: Timestamp | None
    updated_at: Timestamp

    @classmethod
    def of(cls, row: OrderRow) -> "OrderSummary":
        """Return what a list shows of a row."""
        return cls.model_validate(row.model_dump(include=set(cls.model_fields)))


class OrderList(Wire):
    """One page of orders. `next_cursor` is for the next page, null on the last one."""

    orders: tuple[OrderSummary, ...]
    next_cursor: str | None


@operation(
    bp,
    "POST",
    "orders",
    body=OrderRequest,
    takes_idempotency_key=True,
    answers={202: OrderLinks},
    problems={409: "Another order has this id, or one that differs in case only."},
)
async def place_order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Place an order.

    Send an order_id or an Idempotency-Key: a repeat under the same name then changes nothing and gets the same answer.
    """
    request = read_body(req, OrderRequest)
    order_id = named_order_id(request, idempotency_key(req))
    links = order_links(await take_in_order(client, request, order_id))
    return accepted(links, links.statusQueryGetUri)


@operation(
    bp,
    "GET",
    "orders/{order_id}",
    answers={200: OrderAnswer, 202: OrderAnswer},
)
async def get_order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return an order.

    The status is 202 while the order is processed and 200 when it has ended.
    """
    order_id = path_id(req, "order_id")
    view = await view_order(client, order_id)
    if view.is_running:
        return accepted(order_answer(view), resource("orders", order_id))
    return answer(order_answer(view))


@operation(
    bp,
    "GET",
    "orders",
    query=OrderQuery,
    answers={200: OrderList},
)
async def list_orders(req: func.HttpRequest) -> func.HttpResponse:
    """List orders, sorted by id."""
    page = await read_page(services().order_repository.list, read_query(req, OrderQuery))
    orders = tuple(OrderSummary.of(row) for row in page.items)
    return answer(OrderList(orders=orders, next_cursor=page.cursor))
