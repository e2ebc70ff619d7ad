"""Place orders, look at one, list them."""

from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.ids import CustomerId, OrderId
from domain.orders.order import OrderRequest, OrderStatus
from domain.orders.row import OrderRow
from domain.wire import Timestamp, Wire
from services.container import services
from services.order_start import start_order
from triggers.http.support.links import order_links, resource
from triggers.http.support.order_intake import enter_order, named_order_id
from triggers.http.support.order_view import view_order
from triggers.http.support.paging import PageQuery, read_page
from triggers.http.support.problems import answers_problems
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import idempotency_key, path_id, read_query
from triggers.http.support.responses import accepted, answer

bp = df.Blueprint()

ORDERS: Final = "orders"
ORDER: Final = "orders/{order_id}"


class OrderQuery(PageQuery):
    """placed_from is included, placed_to is not."""

    customer_id: CustomerId | None = None
    status: OrderStatus | None = None
    placed_from: Timestamp | None = None
    placed_to: Timestamp | None = None


class OrderSummary(Wire):
    """An order as lists show it. None where an order came in past the order repository."""

    order_id: str
    customer_id: str | None
    status: OrderStatus
    total_cents: int | None
    currency: str | None
    placed_at: Timestamp | None
    updated_at: Timestamp

    @classmethod
    def of(cls, row: OrderRow) -> "OrderSummary":
        """What a list shows of a row."""
        return cls.model_validate(row.model_dump(include=set(cls.model_fields)))


class OrderList(Wire):
    """One page of orders. next_cursor: for the next one; None on the last."""

    orders: tuple[OrderSummary, ...]
    next_cursor: str | None


@bp.route(route=ORDERS, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def place_order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 for a new order and for each repeat of it, 409 when the id belongs to another one."""
    request = read_body(req, OrderRequest)
    order_id = named_order_id(request, idempotency_key(req))
    intake = await enter_order(request, order_id)
    if intake.to_start is not None:
        await start_order(client, intake.to_start)
    links = order_links(req, ORDERS, intake.order_id)
    return accepted(links, links.statusQueryGetUri)


@bp.route(route=ORDER, methods=["GET"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def get_order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 while the order runs, 200 when it has ended."""
    order_id = path_id(req, "order_id", OrderId)
    view = await view_order(client, order_id)
    if view.is_running:
        return accepted(view.answer(), resource(req, ORDER, ORDERS, order_id))
    return answer(view.answer())


@bp.route(route=ORDERS, methods=["GET"])
@answers_problems
async def list_orders(req: func.HttpRequest) -> func.HttpResponse:
    """One page of the order repository, by order id."""
    page = await read_page(services().order_repository.list, read_query(req, OrderQuery))
    orders = tuple(OrderSummary.of(row) for row in page.items)
    return answer(OrderList(orders=orders, next_cursor=page.cursor))
