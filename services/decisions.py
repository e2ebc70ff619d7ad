"""Record a decision on a run that waits for one, and wake the run.

A decision is stored, insert-once, before its event is raised: the first one of a wait counts, and the run honours it at the
time-out even when the event is lost. Every later attempt raises the event of the decision that holds again.
"""

import asyncio

from domain.refusals import Conflict
from domain.workflows.decision import SettleApprovalRequest, SettledApproval
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import raise_event


class AlreadyDecided(Conflict):
    """Another decision came first, or the time to decide is over."""

    def __init__(self) -> None:
        super().__init__("already_decided", "Another decision came first, or the time to decide is over.")


async def decide(client: DurableClient, instance_id: str | None, event: str, request: SettleApprovalRequest) -> None:
    """Record a decision and raise its event.

    Args:
        client: The durable client.
        instance_id: The instance that waits; None where another is about to take over, which looks the decision up.
        event: Its name.
        request: The decision.

    Raises:
        AlreadyDecided: Another decision holds. The same person's same decision is no other.
        StorageUnavailable: The same request may be sent again.
    """
    held = await asyncio.to_thread(services().approvals.settle, request)
    # Also when another one holds: the run still waits, so that one's event may be lost; a second one does no harm.
    if instance_id is not None:
        that_holds = SettleApprovalRequest(
            workflow=request.workflow,
            key=request.key,
            wait_id=request.wait_id,
            decision=held.decision,
            timed_out=held.timed_out,
            withdrawn=held.withdrawn,
        )
        await raise_event(client, instance_id, event, that_holds.to_wire())
    if not _is_same(held, request):
        raise AlreadyDecided


async def holds(request: SettleApprovalRequest) -> bool:
    """Return whether this very decision is stored: by a request whose answer its sender may not have got.

    Raises:
        StorageUnavailable: The same request may be sent again.
    """
    held = await asyncio.to_thread(services().approvals.decision, request.key, request.wait_id)
    return held is not None and _is_same(held, request)


def _is_same(held: SettledApproval, request: SettleApprovalRequest) -> bool:
    """Return whether the same person decided the same. The first comment stays."""
    if held.timed_out or held.withdrawn is not request.withdrawn:
        return False
    given, stored = request.decision, held.decision
    return given.decision == stored.decision and given.approver.casefold() == stored.approver.casefold()
