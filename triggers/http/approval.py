"""Take a human's decision on a large order.

A decision is claimed in the order repository before its event is raised: the first claim wins, and the order honours it at its
time-out even when the event is lost; every later try raises it again. So whoever was answered 202 was heard.
"""

import asyncio
import uuid

import azure.durable_functions as df
import azure.functions as func

from domain.ids import order_instance_id
from domain.orders.approval import APPROVAL_DECIDED, ApprovalDecision, ApprovalWait, SettleApprovalRequest
from domain.orders.order import OrderStatus
from services.container import services
from services.instances import raise_event
from triggers.http.support.links import OrderLinks, order_links
from triggers.http.support.operation import operation
from triggers.http.support.order_view import OrderView, view_order
from triggers.http.support.problems import conflict
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
    view = await view_order(client, order_id)
    wait = _open_wait(view)
    claim = uuid.uuid4().hex
    request = SettleApprovalRequest(order_id=order_id, wait_id=wait.wait_id, decision=decision, claim_id=claim)
    settled = await asyncio.to_thread(services().order_repository.settle, request)
    # Also when another one holds: the order still waits, so that one's event may be lost; hearing it twice does no harm.
    # A run that takes over from a failed one looks the decision up.
    if not view.awaits_run:
        await raise_event(client, order_instance_id(order_id), APPROVAL_DECIDED, settled.decision.to_wire())
    if settled.claim_id != claim:
        raise conflict("already_decided", "Somebody else's decision came first, or the time to decide had run out.")
    links = order_links(order_id)
    return accepted(links, links.statusQueryGetUri)


def _open_wait(view: OrderView) -> ApprovalWait:
    progress = view.progress
    if progress.status is not OrderStatus.AWAITING_APPROVAL or progress.approval is None or not view.is_running:
        raise conflict("not_waiting", "The order is not waiting for an approval.")
    return progress.approval
