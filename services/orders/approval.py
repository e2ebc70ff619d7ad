"""Decide on an order that waits for an approval: one approver, or two above the second limit."""

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.approval import APPROVAL_DECIDED, approval_wait_id
from domain.orders.order import OrderStatus
from domain.refusals import Conflict
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
from domain.workflows.decision_link import DecisionLink
from services.decisions import decide, holds
from services.durable.client import DurableClient
from services.four_eyes import check_requester
from services.orders.status import OrderView, view_order
from services.two_approvers import first_of_two, is_decided, is_same_person, needs_two, of_both


class ApprovalNotAwaited(Conflict):
    """The order waits for no decision."""

    def __init__(self) -> None:
        super().__init__("not_waiting", "The order is not waiting for an approval.")


async def decide_order(client: DurableClient, order_id: str, decision: ApprovalDecision) -> bool:
    """Record a decision and wake the order. The same approver's same decision again changes nothing.

    Returns:
        Whether it is decided; False when an order above the second limit waits for another approver's approval.

    Raises:
        OwnRequest: The approver has placed the order.
        OrderNotFound: There is no such order.
        ApprovalNotAwaited: It waits for no decision.
        AlreadyDecided: Another decision holds.
        StorageUnavailable: The same request may be sent again.
    """
    view = await view_order(client, order_id)
    await check_requester(order_id, decision.approver, *_addresses(view))
    request = SettleApprovalRequest(
        workflow=PROCESS_ORDER, key=order_id, wait_id=approval_wait_id(order_id), decision=decision
    )
    awaits = _awaits_approval(view)
    if decision.decision == "approved" and _needs_two(view):
        first = await first_of_two(order_id, request.wait_id, decision.approver, may_be_first=awaits)
        if first is None:
            raise ApprovalNotAwaited
        if is_same_person(first, decision.approver):
            return await is_decided(request)
        request = of_both(first, request)
    if not awaits:
        if await holds(request):
            return True
        raise ApprovalNotAwaited
    instance_id = None if view.awaits_instance else order_instance_id(order_id)
    await decide(client, instance_id, APPROVAL_DECIDED, request)
    return True


def _needs_two(view: OrderView) -> bool:
    order = None if view.row is None else view.row.order
    return order is not None and needs_two(order.total_cents, order.currency)


def _addresses(view: OrderView) -> tuple[str, ...]:
    return () if view.row is None or view.row.order is None else (view.row.order.email,)


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
