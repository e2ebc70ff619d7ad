"""Take a request to cancel an order. The order compensates what it has done, in order; nothing is ever terminated.

The request is stored before its event is raised, so a 202 is a promise: whatever becomes of the event, and of the run that was to
get it, the order ends as cancelled, or its ledger says that the request came too late.
"""

import asyncio

import azure.durable_functions as df
import azure.functions as func

from domain.ids import order_instance_id
from domain.orders.approval import CANCELLATION_REQUESTED, CancellationRequest
from domain.orders.order import CANCELLABLE, ENDED, OrderStatus
from domain.orders.row import OrderRow
from services.container import services
from services.instances import raise_event
from triggers.http.support.links import OrderLinks, order_links
from triggers.http.support.operation import operation
from triggers.http.support.order_view import OrderView, view_order
from triggers.http.support.problems import conflict, unavailable
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id
from triggers.http.support.responses import accepted

bp = df.Blueprint()


@operation(
    bp,
    "POST",
    "orders/{order_id}/cancellation",
    body=CancellationRequest,
    answers={202: OrderLinks},
    problems={409: "The order has ended, or is past the point where it can be cancelled."},
)
async def cancel_order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Cancel an order that is not paid yet.

    The order compensates the steps that it has taken. How it ends shows whether the cancellation came in time.
    """
    order_id = path_id(req, "order_id")
    wish = read_body(req, CancellationRequest)
    view = await view_order(client, order_id)
    _check_cancellable(view)
    row = await asyncio.to_thread(services().order_repository.request_cancellation, order_id, wish)
    if row is not None and row.cancellation is None:
        raise conflict("too_late", _why_not(_end_of(row)))
    is_told = view.awaits_run or await raise_event(
        client, order_instance_id(order_id), CANCELLATION_REQUESTED, wish.to_wire()
    )
    if row is None and not is_told:  # an order past the repository has no row that keeps the request
        _check_cancellable(await view_order(client, order_id))
        raise unavailable("The order could not be told; the same request may be sent again.")
    links = order_links(order_id)
    return accepted(links, links.statusQueryGetUri)


def _end_of(row: OrderRow) -> OrderStatus:
    """The end that an order has come to, or goes to."""
    return row.status if row.status in ENDED or row.course is None else OrderStatus(row.course.end)


def _check_cancellable(view: OrderView) -> None:
    if not view.is_running or view.progress.status not in CANCELLABLE:
        raise conflict("too_late", _why_not(view.progress.status))


def _why_not(status: OrderStatus) -> str:
    if status is OrderStatus.NEEDS_ATTENTION:
        return "The order has stopped already; an operator settles what is left of it."
    if status in ENDED and status is not OrderStatus.COMPLETED:
        return f"The order has ended already, or is about to: it is {status}."
    return "The order is past the point where it can be cancelled."
