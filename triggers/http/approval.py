"""Approve or reject orders above the threshold."""

import azure.durable_functions as df
import azure.functions as func

from domain.workflows.decision import ApprovalDecision
from services.orders.approval import decide_order
from triggers.http.support.links import OrderLinks, order_links
from triggers.http.support.operation import operation
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id
from triggers.http.support.responses import accepted

bp = df.Blueprint()


@operation(
    bp,
    "POST",
    "orders/{order_id}/approval",
    body=ApprovalDecision,
    answers={202: OrderLinks},
    problems={409: "Another decision came first, the time to decide is over, or the order waits for no decision."},
)
async def decide_approval(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Approve or reject an order that waits for a decision.

    The first decision counts.
    """
    order_id = path_id(req, "order_id")
    decision = read_body(req, ApprovalDecision)
    await decide_order(client, order_id, decision)
    links = order_links(order_id)
    return accepted(links, links.statusQueryGetUri)
