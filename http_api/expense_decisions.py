"""Bring a decision to an expense claim, however it came: by JSON, from the page behind a link, or as the claimant's withdrawal.

A decision is claimed in the approvals table before its event is raised: the first claim of a turn wins, and the story honours it
when time runs out even if the event is lost; every later try raises it again.
"""

import asyncio
import uuid

import azure.durable_functions as df

from adapters.compose import intake_book, order_book
from domain.approval import ApprovalDecision, SettleApprovalRequest
from domain.expense import EXPENSE_APPROVAL, ExpenseWait, expense_decided
from domain.wire import Wire
from domain.workflow import WorkflowProgress, workflow_instance_id
from http_api.instances import instance_status, is_unfinished, raise_event
from http_api.problems import Problem, conflict, not_found


class OpenTurn(Wire):
    """The approver's turn that a claim is in. turn: from 1."""

    claim_id: str
    turn: int
    wait: ExpenseWait


async def open_turn(client: df.DurableOrchestrationClient, claim_id: str) -> OpenTurn:
    """Whose decision a claim waits for. Raises Problem: 404 for an unknown claim, 409 when it waits for none."""
    status = await instance_status(client, workflow_instance_id(EXPENSE_APPROVAL, claim_id))
    if status is None and not await asyncio.to_thread(intake_book().awaits_start, EXPENSE_APPROVAL, claim_id):
        raise not_found("expense_approval_not_found", "There is no claim with this id.")
    if status is None or not is_unfinished(status) or not status.custom_status:
        raise _not_waiting()
    detail = WorkflowProgress.model_validate(status.custom_status).detail
    if detail.get("wait") is None:
        raise _not_waiting()
    return OpenTurn(claim_id=claim_id, turn=detail["turn"], wait=ExpenseWait.model_validate(detail["wait"]))


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
    settled = await asyncio.to_thread(order_book().settle, request)
    # Also when another one holds: the claim still waits, so that one's event may be lost; hearing it twice does no harm.
    instance_id = workflow_instance_id(EXPENSE_APPROVAL, turn.claim_id)
    await raise_event(client, instance_id, expense_decided(turn.turn), request.to_wire())
    if settled.claim_id != request.claim_id:
        raise conflict("already_decided", "Somebody else's decision came first, or the time to decide had run out.")


def _not_waiting() -> Problem:
    return conflict("not_waiting", "The claim is not waiting for a decision.")
