"""Decide on an expense claim, by JSON, on the page behind a link, or by the claimant's withdrawal.

A decision is claimed in the approvals table before its event is raised: the first claim of a turn wins, and the run honours it at
the time-out even when the event is lost. Every later try raises the event again.
"""

import asyncio
import uuid

from domain.expenses.claim import EXPENSE_APPROVAL, ExpenseRequest, ExpenseWait, expense_decided
from domain.expenses.decision_link import DecisionLink
from domain.ids import instance_id_of
from domain.refusals import Conflict, NotFound, TryAgain
from domain.wire import Wire
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
from domain.workflows.run import WorkflowProgress
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import has_completed, instance_status, is_unfinished, raise_event, stored_input
from services.orders.approval import AlreadyDecided


class ClaimNotFound(NotFound):
    """There is no claim with this id."""

    def __init__(self) -> None:
        super().__init__("expense_approval_not_found", "There is no claim with this id.")


class DecisionNotAwaited(Conflict):
    """The claim waits for no decision, or for another approver's."""

    def __init__(self, detail: str = "The claim is not waiting for a decision.") -> None:
        super().__init__("not_waiting", detail)


class OpenTurn(Wire):
    """The approver's turn that a claim is in.

    Attributes:
        turn: From 1.
        awaits_instance: The platform has failed its instance, and another is about to take over.
    """

    claim_id: str
    turn: int
    wait: ExpenseWait
    awaits_instance: bool = False


async def open_turn(client: DurableClient, claim_id: str) -> OpenTurn:
    """Return whose decision a claim waits for.

    Raises:
        ClaimNotFound: There is no such claim.
        DecisionNotAwaited: It waits for no decision.
        TryAgain: Another instance is about to take over.
    """
    instance_id = instance_id_of(EXPENSE_APPROVAL, claim_id)
    status = await instance_status(client, instance_id)
    is_open = is_unfinished(status)
    if not is_open and not has_completed(status):
        is_open = await asyncio.to_thread(services().run_repository.intake.open_run, instance_id) is not None
        if status is None and not is_open:
            raise ClaimNotFound
        if status is not None and is_open and not status.custom_status:  # lost with the worker of its failed run
            raise TryAgain("unavailable", "The claim is about to go on; send the same request again in a minute.")
    if status is None or not is_open or not status.custom_status:
        raise DecisionNotAwaited
    detail = WorkflowProgress.model_validate(status.custom_status).detail
    if detail.get("wait") is None:
        raise DecisionNotAwaited
    wait = ExpenseWait.model_validate(detail["wait"])
    return OpenTurn(claim_id=claim_id, turn=detail["turn"], wait=wait, awaits_instance=not is_unfinished(status))


async def decide_claim(
    client: DurableClient, turn: OpenTurn, decision: ApprovalDecision, *, withdrawn: bool = False
) -> None:
    """Record a decision and wake the claim.

    Raises:
        AlreadyDecided: Another decision holds.
        StorageUnavailable: The same request may be sent again.
    """
    request = SettleApprovalRequest(
        workflow=EXPENSE_APPROVAL,
        key=turn.claim_id,
        wait_id=turn.wait.wait_id,
        decision=decision,
        withdrawn=withdrawn,
        claim_id=uuid.uuid4().hex,
    )
    settled = await asyncio.to_thread(services().order_repository.settle, request)
    # Also when another one holds: the claim still waits, so that one's event may be lost; a second one does no harm.
    # An instance that takes over from a failed one looks the decision up.
    instance_id = instance_id_of(EXPENSE_APPROVAL, turn.claim_id)
    if not turn.awaits_instance:
        await raise_event(client, instance_id, expense_decided(turn.turn), request.to_wire())
    if settled.claim_id != request.claim_id:
        raise AlreadyDecided


async def open_turn_of(client: DurableClient, link: DecisionLink) -> OpenTurn:
    """Return the turn that a link in a mail is for.

    Raises:
        ClaimNotFound: There is no such claim.
        DecisionNotAwaited: The claim has left that turn.
        TryAgain: Another instance is about to take over.
    """
    turn = await open_turn(client, link.claim_id)
    if turn.wait.wait_id != link.wait.wait_id:
        raise DecisionNotAwaited("The claim has moved on to another approver.")
    return turn


async def claim_of(client: DurableClient, claim_id: str) -> ExpenseRequest:
    """Return what was handed in: the input of the claim's instance."""
    given = await stored_input(client, instance_id_of(EXPENSE_APPROVAL, claim_id))
    return ExpenseRequest.model_validate(given["request"])
