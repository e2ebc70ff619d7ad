"""Decide on an order that waits for an approval."""

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.approval import APPROVAL_DECIDED, approval_wait_id
from domain.orders.order import OrderStatus
from domain.refusals import Conflict
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
from domain.workflows.decision_link import DecisionLink
from services.decisions import decide, holds
from services.durable.client import DurableClient
from services.orders.status import OrderView, view_order


class ApprovalNotAwaited(Conflict):
    """The order waits for no decision."""

    def __init__(self) -> None:
        super().__init__("not_waiting", "The order is not waiting for an approval.")


async def decide_order(client: DurableClient, order_id: str, decision: ApprovalDecision) -> None:
    """Record a decision and wake the order. The same approver's same decision again changes nothing.

    Raises:
        OrderNotFound: There is no such order.
        ApprovalNotAwaited: It waits for no decision.
        AlreadyDecided: Another decision holds.
        StorageUnavailable: The same request may be sent again.
    """
    view = await view_order(client, order_id)
    request = SettleApprovalRequest(
        workflow=PROCESS_ORDER, key=order_id, wait_id=approval_wait_id(order_id), decision=decision
    )
    if not _awaits_approval(view):
        if await holds(request):
            return
        raise ApprovalNotAwaited
    instance_id = None if view.awaits_instance else order_instance_id(order_id)
    await decide(client, instance_id, APPROVAL_DECIDED, request)


async def order_to_decide(client: DurableClient, link: DecisionLink) -> OrderView:
    """Return the order that a link in a mail is for.

    Raises:
        OrderNotFound: There is no such order.
        ApprovalNotAwaited: It waits for no decision.
    """
    view = await view_order(client, link.key)
    if link.workflow != PROCESS_ORDER or not _awaits_approval(view):
        raise ApprovalNotAwaited
    return view


def _awaits_approval(view: OrderView) -> bool:
    progress = view.progress
    return progress.status is OrderStatus.AWAITING_APPROVAL and progress.approval is not None and view.is_running
