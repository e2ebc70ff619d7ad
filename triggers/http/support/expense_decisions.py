"""Bring a decision to an expense claim, however it came: by JSON, from the page behind a link, or as the claimant's withdrawal.

A decision is claimed in the approvals table before its event is raised: the first claim of a turn wins, and the story honours it
when time runs out even if the event is lost; every later try raises it again.
"""

import asyncio
import uuid

import azure.durable_functions as df

from domain.expenses.claim import EXPENSE_APPROVAL, ExpenseWait, expense_decided
from domain.ids import instance_id_of
from domain.orders.approval import ApprovalDecision, SettleApprovalRequest
from domain.wire import Wire
from domain.workflows.run import WorkflowProgress
from services.container import services
from services.instances import has_completed, instance_status, is_unfinished, raise_event
from triggers.http.support.problems import Problem, conflict, not_found, unavailable


class OpenTurn(Wire):
    """The approver's turn that a claim is in. turn: from 1. awaits_run: the platform has failed its run, another takes over."""

    claim_id: str
    turn: int
    wait: ExpenseWait
    awaits_run: bool = False


async def open_turn(client: df.DurableOrchestrationClient, claim_id: str) -> OpenTurn:
    """Whose decision a claim waits for. Raises Problem: 404 for an unknown claim, 409 when it waits for none."""
    instance_id = instance_id_of(EXPENSE_APPROVAL, claim_id)
    status = await instance_status(client, instance_id)
    is_open = is_unfinished(status)
    if not is_open and not has_completed(status):
        is_open = await asyncio.to_thread(services().run_repository.intake.open_run, instance_id) is not None
        if status is None and not is_open:
            raise not_found("expense_approval_not_found", "There is no claim with this id.")
        if status is not None and is_open and not status.custom_status:  # lost with the worker of its failed run
            raise unavailable("The claim is about to go on; send the same request again in a minute.")
    if status is None or not is_open or not status.custom_status:
        raise _not_waiting()
    detail = WorkflowProgress.model_validate(status.custom_status).detail
    if detail.get("wait") is None:
        raise _not_waiting()
    wait = ExpenseWait.model_validate(detail["wait"])
    return OpenTurn(claim_id=claim_id, turn=detail["turn"], wait=wait, awaits_run=not is_unfinished(status))


async def bring(
    client: df.DurableOrchestrationClient, turn: OpenTurn, decision: ApprovalDecision, *, withdrawn: bool = False
) -> None:
    """Enter a decision and wake the claim. Raises Problem (409) when another one came first or the time had run out."""
    request = SettleApprovalRequest(
        order_id=turn.claim_id,
        wait_id=turn.wait.wait_id,
        decision=decision,
        withdrawn=withdrawn,
        claim_id=uuid.uuid4().hex,
    )
    settled = await asyncio.to_thread(services().order_repository.settle, request)
    # Also when another one holds: the claim still waits, so that one's event may be lost; hearing it twice does no harm.
    # A run that takes over from a failed one looks the decision up.
    instance_id = instance_id_of(EXPENSE_APPROVAL, turn.claim_id)
    if not turn.awaits_run:
        await raise_event(client, instance_id, expense_decided(turn.turn), request.to_wire())
    if settled.claim_id != request.claim_id:
        raise conflict("already_decided", "Somebody else's decision came first, or the time to decide had run out.")


def _not_waiting() -> Problem:
    return conflict("not_waiting", "The claim is not waiting for a decision.")
