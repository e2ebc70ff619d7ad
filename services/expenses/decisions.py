"""Decide on an expense claim, by JSON, on the page behind a link, or by the claimant's withdrawal."""

import asyncio

from domain.expenses.claim import MAX_TURNS, ExpenseRequest, ExpenseTotal, ExpenseWait, expense_decided, expense_wait_id
from domain.identity import Caller
from domain.ids import EXPENSE_APPROVAL, instance_id_of
from domain.refusals import Conflict, Forbidden, NotFound, TryAgain
from domain.wire import Wire
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
from domain.workflows.decision_link import DecisionLink
from domain.workflows.run import WorkflowProgress
from services.container import services
from services.decisions import decide, holds
from services.durable.client import DurableClient
from services.durable.instances import has_completed, instance_status, is_unfinished, stored_input
from services.expenses.second_approval import approval_of_two, claim_needs_two, holds_of_two, is_second_approver
from services.four_eyes import check_requester
from services.two_approvers import is_decided


class ClaimNotFound(NotFound):
    """There is no claim with this id."""

    def __init__(self) -> None:
        super().__init__("expense_approval_not_found", "There is no claim with this id.")


class DecisionNotAwaited(Conflict):
    """The claim waits for no decision, or for another approver's."""

    def __init__(self, detail: str = "The claim is not waiting for a decision.") -> None:
        super().__init__("not_waiting", detail)


class NotTheirTurn(Forbidden):
    """The claim waits for another approver."""

    def __init__(self) -> None:
        super().__init__("not_your_turn", "The claim waits for another approver, and only they decide.")


class OpenTurn(Wire):
    """The approver's turn that a claim is in.

    Attributes:
        turn: From 1.
        totals: What is claimed.
        awaits_instance: The platform has failed its instance, and another is about to take over.
    """

    claim_id: str
    turn: int
    wait: ExpenseWait
    totals: tuple[ExpenseTotal, ...] = ()
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
    return OpenTurn(
        claim_id=claim_id,
        turn=detail["turn"],
        wait=ExpenseWait.model_validate(detail["wait"]),
        totals=tuple(ExpenseTotal.model_validate(each) for each in detail.get("totals", ())),
        awaits_instance=not is_unfinished(status),
    )


async def decide_by_link(client: DurableClient, link: DecisionLink, decision: ApprovalDecision) -> bool:
    """Record the decision of a link's approver and wake the claim. The same one again changes nothing.

    Returns:
        Whether it is decided; False when a claim above the second limit waits for another approver's approval.

    Raises:
        OwnRequest: The approver has handed the claim in.
        ClaimNotFound: There is no such claim.
        DecisionNotAwaited: The claim has left the link's turn.
        AlreadyDecided: Another decision holds.
        StorageUnavailable: The same request may be sent again.
        TryAgain: Another instance is about to take over.
    """
    await check_requester(link.key, decision.approver)
    request = SettleApprovalRequest(workflow=EXPENSE_APPROVAL, key=link.key, wait_id=link.wait_id, decision=decision)
    try:
        turn = await open_turn_of(client, link)
    except DecisionNotAwaited:
        if await holds_of_two(request):
            return True
        raise
    if decision.decision == "approved" and claim_needs_two(turn.totals):
        of_two = await approval_of_two(request, await claim_of(client, link.key), turn.wait)
        if of_two is None:
            return await is_decided(request)
        request = of_two
    await _decide(client, turn, request)
    return True


async def decide_as_approver(
    client: DurableClient, claim_id: str, wait_id: str, decision: ApprovalDecision, caller: Caller
) -> bool:
    """Record the decision of the approver whose turn it is, or of the second, known by their sign-in name; wake the claim.

    Returns:
        As by a link.

    Raises:
        NotTheirTurn: The claim waits for another approver.
        OwnRequest: The approver has handed the claim in.
        ClaimNotFound, DecisionNotAwaited, AlreadyDecided, StorageUnavailable, TryAgain: As by a link.
    """
    turn = await open_turn(client, claim_id)
    is_asked = caller.is_also(turn.wait.approver)
    if not is_asked and not await is_second_approver(claim_id, await claim_of(client, claim_id), caller):
        raise NotTheirTurn
    link = DecisionLink(
        workflow=EXPENSE_APPROVAL,
        key=claim_id,
        wait_id=wait_id,
        approver=turn.wait.approver if is_asked else caller.name,
        expires_at=turn.wait.expires_at,
    )
    return await decide_by_link(client, link, decision)


async def withdraw_claim(client: DurableClient, claim_id: str, withdrawal: ApprovalDecision) -> None:
    """Record a claimant's withdrawal and wake the claim. A repeat changes nothing.

    Raises:
        ClaimNotFound: There is no such claim.
        DecisionNotAwaited: The claim waits for no decision.
        AlreadyDecided: A decision holds.
        StorageUnavailable: The same request may be sent again.
        TryAgain: Another instance is about to take over.
    """
    try:
        turn = await open_turn(client, claim_id)
    except DecisionNotAwaited:
        for number in range(1, MAX_TURNS + 1):
            if await holds(_withdrawal(claim_id, expense_wait_id(claim_id, number), withdrawal)):
                return
        raise
    await _decide(client, turn, _withdrawal(claim_id, turn.wait.wait_id, withdrawal))


def _withdrawal(claim_id: str, wait_id: str, decision: ApprovalDecision) -> SettleApprovalRequest:
    return SettleApprovalRequest(
        workflow=EXPENSE_APPROVAL, key=claim_id, wait_id=wait_id, decision=decision, withdrawn=True
    )


async def _decide(client: DurableClient, turn: OpenTurn, request: SettleApprovalRequest) -> None:
    instance_id = None if turn.awaits_instance else instance_id_of(EXPENSE_APPROVAL, turn.claim_id)
    await decide(client, instance_id, expense_decided(turn.turn), request)


async def open_turn_of(client: DurableClient, link: DecisionLink) -> OpenTurn:
    """Return the turn that a link in a mail is for.

    Raises:
        ClaimNotFound: There is no such claim.
        DecisionNotAwaited: The claim has left that turn.
        TryAgain: Another instance is about to take over.
    """
    turn = await open_turn(client, link.key)
    if turn.wait.wait_id != link.wait_id:
        raise DecisionNotAwaited("The claim has moved on to another approver.")
    return turn


async def claim_of(client: DurableClient, claim_id: str) -> ExpenseRequest:
    """Return what was handed in: the input of the claim's instance."""
    given = await stored_input(client, instance_id_of(EXPENSE_APPROVAL, claim_id))
    return ExpenseRequest.model_validate(given["request"])
