"""Cancel orders."""

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.wire import Comment, Edge, OneLine
from domain.workflows.cancellation import CancellationRequest
from services.orders.cancellation import request_cancellation
from triggers.http.support.callers import doer
from triggers.http.support.links import OrderLinks, order_links
from triggers.http.support.operation import operation
from triggers.http.support.owners import check_customer
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id
from triggers.http.support.responses import accepted

bp = df.Blueprint()


class Cancellation(Edge):
    """A request to cancel an order. requested_by: ignored, as who asks follows from the identity of the caller."""

    requested_by: OneLine | None = None
    reason: Comment | None = None


@operation(
    bp,
    "POST",
    "orders/{order_id}/cancellation",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR}),
    body=Cancellation,
    answers={202: OrderLinks},
    problems={409: "The order has ended, or is past the point where it can be cancelled."},
)
async def cancel_order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Cancel an order that is not paid yet.

    The order compensates the steps that it has taken. How it ends shows whether the cancellation came in time.
    """
    order_id = path_id(req, "order_id")
    asked = read_body(req, Cancellation)
    await check_customer(order_id, Role.OPERATOR)
    request = CancellationRequest(requested_by=doer(asked.requested_by, "requested_by"), reason=asked.reason)
    await request_cancellation(client, order_id, request)
    links = order_links(order_id)
    return accepted(links, links.statusQueryGetUri)
