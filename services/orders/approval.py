"""Decide on an order that waits for an approval: one approver, or two above the second limit."""

import asyncio
from typing import Final

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.approval import APPROVAL_DECIDED, approval_wait_id
from domain.orders.order import OrderStatus
from domain.refusals import Conflict
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
from domain.workflows.decision_link import DecisionLink
from services.container import services
from services.decisions import AlreadyDecided, decide, holds
from services.durable.client import DurableClient
from services.four_eyes import check_requester
from services.orders.second_limit import needs_two
from services.orders.status import OrderView, view_order

# Two of them, and a word between, are one name.
_NAME_CHARS: Final = 47


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
        first = await _first_approver(request, may_be_first=awaits)
        if first is None:
            raise ApprovalNotAwaited
        if first.casefold() == decision.approver.casefold():
            return await _is_decided(request)
        request = _of_both(first, request)
    if not awaits:
        if await holds(request):
            return True
        raise ApprovalNotAwaited
    instance_id = None if view.awaits_instance else order_instance_id(order_id)
    await decide(client, instance_id, APPROVAL_DECIDED, request)
    return True


async def _first_approver(request: SettleApprovalRequest, *, may_be_first: bool) -> str | None:
    """Return the first of the two approvers, who is this one where there is none yet and there may be one."""
    if may_be_first:
        return await asyncio.to_thread(services().approvals.first_approval, request)
    return await asyncio.to_thread(services().approvals.known_first_approval, request.key, request.wait_id)


async def _is_decided(request: SettleApprovalRequest) -> bool:
    held = await asyncio.to_thread(services().approvals.decision, request.key, request.wait_id)
    if held is not None and (held.timed_out or held.decision.decision != request.decision.decision):
        raise AlreadyDecided
    return held is not None


def _of_both(first: str, second: SettleApprovalRequest) -> SettleApprovalRequest:
    """Return the decision of two approvers, with the names of both."""
    decision = second.decision.model_copy(
        update={"approver": f"{first[:_NAME_CHARS]} and {second.decision.approver[:_NAME_CHARS]}"}
    )
    return second.model_copy(update={"decision": decision})


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
