"""Ask the approvers of an expense claim, one after the other, until one of them decides.

A decision is recorded once per approver's turn, insert-if-absent, by the first that comes: the HTTP API before it answers, or
this orchestrator when an event of the management API comes or when time runs out. So a decision that was answered as taken
always counts, and a late one never does.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from activities.approval import look_up_approval
from activities.notification import send_notification
from domain.expenses import steps
from domain.expenses.claim import (
    MAX_TURNS,
    Assessment,
    ExpenseRequest,
    ExpenseWait,
    expense_decided,
    expense_wait_id,
)
from domain.ids import notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.workflows.approval_wait import IgnoredEvent
from domain.workflows.commands import Step
from domain.workflows.course import RunStopped
from domain.workflows.decision import (
    APPROVAL_DECISION,
    ApprovalFound,
    LookUpApproval,
    SettledApproval,
    settling_from_event,
)
from domain.workflows.decision_link import DecisionLink
from domain.workflows.steps import StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.decision_wait import DecisionInbox, alarms_every, first_decision
from orchestrators.kernel.decisions import decision_message, settle_decision
from orchestrators.kernel.retry import BRIEF, PERSISTENT, Wait
from orchestrators.kernel.workflow_run import WorkflowRun

EVENTS: Final = (*(expense_decided(turn) for turn in range(1, MAX_TURNS + 1)), APPROVAL_DECISION)
"""Those that may decide on a claim."""


@dataclass(kw_only=True)
class Claim(WorkflowRun):
    """One claim on its way.

    Attributes:
        inbox: The events that may decide on it.
        assessment: Empty until it is added up.
    """

    request: ExpenseRequest
    inbox: DecisionInbox
    assessment: Assessment = field(default_factory=Assessment)


def ask_approvers(claim: Claim) -> Wait:
    """Ask one after the other. Returns the `SettledApproval` of the first turn that was decided, else of the last."""
    settled: SettledApproval | None = None
    for turn, approver in enumerate(claim.assessment.approvers[:MAX_TURNS], start=1):
        settled = yield from _settled_before(claim, turn)
        if settled is None:
            wait = _open_turn(claim, turn, approver)
            yield from _notify_approver(claim, wait, turn)
            request = yield from _first_decision(claim, wait, turn)
            settled = yield from settle_decision(claim, wait.wait_id, request)
            claim.detail["wait"] = None
        claim.record(steps.WAIT_FOR_DECISION, _result_of(settled))
        if not settled.timed_out:
            break
    return settled


def _settled_before(claim: Claim, turn: int) -> Wait:
    """Return the decision that a turn has got, maybe after the instance died that had asked for it. None in a first one."""
    if claim.restart is None:
        return None
    wait_id = expense_wait_id(claim.key, turn)
    command = activity(look_up_approval, LookUpApproval(key=claim.key, wait_id=wait_id))
    attempts = yield from claim.call([command], PERSISTENT, seed=f"look_up:{wait_id}")
    if attempts.answer is None:
        raise RunStopped("failed", "no_answer", "It is not known what was decided.")
    return ApprovalFound.model_validate(attempts.answer).settled


def _open_turn(claim: Claim, turn: int, approver: str) -> ExpenseWait:
    within = timedelta(seconds=claim.assessment.decide_within_s)
    # A run that takes over waits no longer than the one before would have: its turns followed each other from its start.
    started = claim.restart and claim.restart.started_at + (turn - 1) * within
    expires_at = (started or claim.context.current_utc_datetime) + within
    wait = ExpenseWait(wait_id=expense_wait_id(claim.key, turn), approver=approver, expires_at=expires_at)
    claim.show(_waits_for(approver), turn=turn, wait=wait.to_wire())
    return wait


def _notify_approver(claim: Claim, wait: ExpenseWait, turn: int) -> Wait:
    """Notify the approver. Without a mail the turn still runs: the decision can come by other ways, and the next one has a turn."""
    notification = _request(claim, wait, NotificationKind.EXPENSE_DECISION_REQUESTED, turn, str(turn))
    yield from claim.take(Step(name=steps.NOTIFY_APPROVER, commands=(activity(send_notification, notification),)))


def _remind(claim: Claim, wait: ExpenseWait, turn: int, number: int) -> Wait:
    notification = _request(claim, wait, NotificationKind.EXPENSE_DECISION_REMINDER, turn, f"{turn}.{number}")
    yield from claim.call([activity(send_notification, notification)], BRIEF, seed=notification.message_id)


def _request(claim: Claim, wait: ExpenseWait, kind: NotificationKind, turn: int, name: str) -> Notification:
    """Return a message that asks the approver for a decision."""
    link = DecisionLink(
        workflow=claim.workflow,
        key=claim.key,
        wait_id=wait.wait_id,
        approver=wait.approver,
        expires_at=wait.expires_at,
    )
    return Notification(
        message_id=notification_id(claim.key, f"{kind}.{name}"),
        workflow=claim.workflow,
        key=claim.key,
        kind=kind,
        email=wait.approver,
        data={
            "employee_id": claim.request.employee_id,
            "totals": [total.to_wire() for total in claim.assessment.totals],
            "escalated": turn > 1,
            "link": link.to_wire(),
        },
    )


def _first_decision(claim: Claim, wait: ExpenseWait, turn: int) -> Wait:
    """Return the first decision that comes, as a `SettleApprovalRequest`; None when time ran out."""
    opened = wait.expires_at - timedelta(seconds=claim.assessment.decide_within_s)
    return (
        yield from first_decision(
            claim,
            claim.inbox,
            (expense_decided(turn), APPROVAL_DECISION),
            until=wait.expires_at,
            alarms=(
                alarms_every(
                    claim.assessment.remind_every_s, opened, lambda number: _remind(claim, wait, turn, number)
                ),
            ),
            read=lambda payload: settling_from_event(payload, claim.workflow, claim.key, wait.wait_id),
            ignored=lambda event: _show_ignored(claim, wait, event),
        )
    )


def _show_ignored(claim: Claim, wait: ExpenseWait, event: IgnoredEvent) -> None:
    shown = wait.model_copy(update={"ignored_event": event})
    claim.show(f"{_waits_for(wait.approver)} {event.message}", wait=shown.to_wire())


def _waits_for(approver: str) -> str:
    return f"Waits for a decision of {approver}."


def _result_of(settled: SettledApproval) -> StepResult:
    decision = settled.decision
    message = decision_message(decision)
    if settled.withdrawn:
        return StepResult.refused("withdrawn", f"withdrawn by {decision.approver}")
    if settled.timed_out:
        return StepResult.refused("expense_timed_out", message)
    if decision.decision == "approved":
        return StepResult(message=message)
    return StepResult.refused("expense_rejected", message)
