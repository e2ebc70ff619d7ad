"""Decide on an order that waits for an approval.

A decision is claimed in the order repository before its event is raised: the first claim wins, and the order honours it at its
time-out even when the event is lost. Every later try raises the event again.
"""

import asyncio
import uuid

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.approval import APPROVAL_DECIDED, ApprovalWait
from domain.orders.order import OrderStatus
from domain.refusals import Conflict
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import raise_event
from services.orders.status import OrderView, view_order


class AlreadyDecided(Conflict):
    """Another decision came first, or the time to decide is over."""

    def __init__(self) -> None:
        super().__init__("already_decided", "Another decision came first, or the time to decide is over.")


class ApprovalNotAwaited(Conflict):
    """The order waits for no decision."""

    def __init__(self) -> None:
        super().__init__("not_waiting", "The order is not waiting for an approval.")


async def decide_order(client: DurableClient, order_id: str, decision: ApprovalDecision) -> None:
    """Record a decision and wake the order.

    Raises:
        OrderNotFound: There is no such order.
        ApprovalNotAwaited: It waits for no decision.
        AlreadyDecided: Another decision holds.
        StorageUnavailable: The same request may be sent again.
    """
    view = await view_order(client, order_id)
    wait = _open_wait(view)
    claim = uuid.uuid4().hex
    request = SettleApprovalRequest(
        workflow=PROCESS_ORDER, key=order_id, wait_id=wait.wait_id, decision=decision, claim_id=claim
    )
    settled = await asyncio.to_thread(services().order_repository.settle, request)
    # Also when another one holds: the order still waits, so that one's event may be lost; a second one does no harm.
    # An instance that takes over from a failed one looks the decision up.
    if not view.awaits_instance:
        await raise_event(client, order_instance_id(order_id), APPROVAL_DECIDED, settled.decision.to_wire())
    if settled.claim_id != claim:
        raise AlreadyDecided


def _open_wait(view: OrderView) -> ApprovalWait:
    progress = view.progress
    if progress.status is not OrderStatus.AWAITING_APPROVAL or progress.approval is None or not view.is_running:
        raise ApprovalNotAwaited
    return progress.approval
