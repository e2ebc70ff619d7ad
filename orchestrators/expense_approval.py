"""Approve an expense claim: add it up, ask an approver, then the next one, and pay it, or say why not.

A decision is recorded once per approver's turn, insert-if-absent, by the first that comes: the HTTP API before it answers, or
this orchestrator when time runs out. So a decision that was answered as taken always counts, and a late one never does.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import azure.durable_functions as df

from activities.expense import calculate_expense_totals, pay_expense
from activities.notification import send_notification
from activities.order_repository import look_up_approval, settle_approval
from domain.expenses import steps
from domain.expenses.claim import (
    EXPENSE_APPROVAL,
    MAX_TURNS,
    Assessment,
    ExpensePayment,
    ExpenseRequest,
    ExpenseWait,
    expense_decided,
    expense_wait_id,
)
from domain.ids import notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.workflows.advice import with_settlement
from domain.workflows.commands import Step, step_of
from domain.workflows.course import RunStopped
from domain.workflows.decision import (
    ApprovalDecision,
    ApprovalFound,
    LookUpApproval,
    SettleApprovalRequest,
    SettledApproval,
    settling_from_event,
)
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.dead_lettering import done_or_dead_lettered
from orchestrators.kernel.retry import PERSISTENT, Wait
from orchestrators.kernel.saga import saga
from orchestrators.kernel.workflow_run import WorkflowRun, required

bp = df.Blueprint()

# Constructed, not validated: a cold start need not build a validator for a constant.
_TIMED_OUT: Final = ApprovalDecision.model_construct(
    decision="rejected", approver="time-out", comment="no approver decided in time"
)


@dataclass(kw_only=True)
class Claim(WorkflowRun):
    """One claim on its way.

    Attributes:
        assessment: Empty until it is added up.
    """

    request: ExpenseRequest
    assessment: Assessment = field(default_factory=Assessment)


@bp.orchestration_trigger(context_name="context")
def expense_approval(context: df.DurableOrchestrationContext) -> Wait:
    """Input: `{key, request: ExpenseRequest}`. Result and custom status: a `WorkflowProgress`."""
    given = context.get_input()
    request = ExpenseRequest.model_validate(given["request"])
    claim = Claim.begin(context, EXPENSE_APPROVAL, given, request=request)
    return (yield from saga(claim, decide(claim)))


def decide(claim: Claim) -> Wait:
    """Take every step. Returns the instance's result."""
    yield from add_up(claim)
    settled = yield from ask_approvers(claim)
    if settled.withdrawn:
        return claim.end("cancelled", f"Withdrawn by {settled.decision.approver}.", "withdrawn")
    if settled.timed_out:
        return (yield from give_up(claim))
    if settled.decision.decision == "rejected":
        return (yield from turn_down(claim, settled.decision))
    return (yield from pay(claim, settled.decision))


def add_up(claim: Claim) -> Wait:
    """Add the claim up, and find who decides. A claim beyond the rules ends here, and its status has the rule."""
    command = activity(calculate_expense_totals, claim.request)
    assessed = yield from claim.ask(command, Assessment)
    if assessed is not None:
        claim.show("The claim is added up.", totals=[total.to_wire() for total in assessed.totals])
    claim.assessment = required(command.operation, assessed)


def ask_approvers(claim: Claim) -> Wait:
    """Ask one after the other. Returns the `SettledApproval` of the first turn that was decided, else of the last."""
    settled: SettledApproval | None = None
    for turn, approver in enumerate(claim.assessment.approvers[:MAX_TURNS], start=1):
        settled = yield from _settled_before(claim, turn)
        if settled is None:
            wait = _open_turn(claim, turn, approver)
            yield from _notify_approver(claim, wait, turn)
            decision = yield from _first_decision(claim, wait, turn)
            settled = yield from _settle(claim, wait, decision)
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


def pay(claim: Claim, decision: ApprovalDecision) -> Wait:
    """Record the payment, trying for hours, and notify the claimant. An approved claim that cannot be paid is dead-lettered."""
    payment = ExpensePayment(
        claim_id=claim.key,
        employee_id=claim.request.employee_id,
        totals=claim.assessment.totals,
        approved_by=decision.approver,
        approved_at=claim.context.current_utc_datetime,
    )
    paid = yield from done_or_dead_lettered(claim, step_of(activity(pay_expense, payment)))
    if paid.outcome is not Outcome.DONE:
        return claim.end(
            "failed", with_settlement("Approved, but not paid yet.", claim.workflow, claim.key), "not_paid"
        )
    yield from _notify_claimant(claim, steps.NOTIFY_PAYMENT, NotificationKind.EXPENSE_PAID, decision)
    return claim.end("completed", f"Approved by {decision.approver} and paid.")


def turn_down(claim: Claim, decision: ApprovalDecision) -> Wait:
    """Notify the claimant of the rejection. Returns the instance's result."""
    yield from _notify_claimant(claim, steps.NOTIFY_REJECTION, NotificationKind.EXPENSE_REJECTED, decision)
    return claim.end("rejected", f"Rejected by {decision.approver}.", "expense_rejected")


def give_up(claim: Claim) -> Wait:
    """Notify the claimant that no approver decided. Returns the instance's result."""
    yield from _notify_claimant(claim, steps.NOTIFY_TIMEOUT, NotificationKind.EXPENSE_TIMED_OUT, _TIMED_OUT)
    return claim.end("rejected", "No approver decided in time.", "expense_timed_out")


def _open_turn(claim: Claim, turn: int, approver: str) -> ExpenseWait:
    within = timedelta(seconds=claim.assessment.decide_within_s)
    # A run that takes over waits no longer than the one before would have: its turns followed each other from its start.
    started = claim.restart and claim.restart.started_at + (turn - 1) * within
    expires_at = (started or claim.context.current_utc_datetime) + within
    wait = ExpenseWait(wait_id=expense_wait_id(claim.key, turn), approver=approver, expires_at=expires_at)
    claim.show(f"Waits for a decision of {approver}.", turn=turn, wait=wait.to_wire())
    return wait


def _notify_approver(claim: Claim, wait: ExpenseWait, turn: int) -> Wait:
    """Notify the approver. Without a mail the turn still runs: the decision can come by other ways, and the next one has a turn."""
    kind = NotificationKind.EXPENSE_DECISION_REQUESTED
    notification = Notification(
        message_id=notification_id(claim.key, f"{kind}.{turn}"),
        workflow=claim.workflow,
        key=claim.key,
        kind=kind,
        email=wait.approver,
        data={
            "employee_id": claim.request.employee_id,
            "totals": [total.to_wire() for total in claim.assessment.totals],
            "escalated": turn > 1,
            "wait": wait.to_wire(),
        },
    )
    yield from claim.take(Step(name=steps.NOTIFY_APPROVER, commands=(activity(send_notification, notification),)))


def _first_decision(claim: Claim, wait: ExpenseWait, turn: int) -> Wait:
    """Return the decision that was recorded, as a `SettleApprovalRequest`; None when time ran out."""
    decided = claim.context.wait_for_external_event(expense_decided(turn))
    timer = claim.context.create_timer(wait.expires_at)
    winner = yield claim.context.task_any([decided, timer])
    if winner is timer:
        return None
    decision = settling_from_event(decided.result, claim.key, wait.wait_id)
    if decision is None:  # not from our API; what is recorded meanwhile is found when the time is up
        yield timer
        return None
    timer.cancel()
    return decision


def _settle(claim: Claim, wait: ExpenseWait, decision: SettleApprovalRequest | None) -> Wait:
    """Return the decision that holds for this turn."""
    request = decision or SettleApprovalRequest(
        workflow=claim.workflow, key=claim.key, wait_id=wait.wait_id, decision=_TIMED_OUT, timed_out=True
    )
    attempts = yield from claim.call([activity(settle_approval, request)], PERSISTENT, seed=wait.wait_id)
    if attempts.answer is None:
        raise RunStopped("failed", "no_answer", "It is not known what was decided.")
    settled = SettledApproval.model_validate(attempts.answer)
    claim.detail["wait"] = None
    return settled


def _result_of(settled: SettledApproval) -> StepResult:
    decision = settled.decision
    message = f"{decision.decision} by {decision.approver}" + (f": {decision.comment}" if decision.comment else "")
    if settled.withdrawn:
        return StepResult.refused("withdrawn", f"withdrawn by {decision.approver}")
    if settled.timed_out:
        return StepResult.refused("expense_timed_out", message)
    if decision.decision == "approved":
        return StepResult(message=message)
    return StepResult.refused("expense_rejected", message)


def _notify_claimant(
    claim: Claim,
    step: str,
    kind: NotificationKind,
    decision: ApprovalDecision,
) -> Wait:
    """Notify the claimant of the end. What cannot be handed to the outbox is dead-lettered; the end stays as it is."""
    data: dict[str, Any] = {
        "totals": [total.to_wire() for total in claim.assessment.totals],
        "approver": decision.approver,
        "comment": decision.comment,
    }
    notification = Notification(
        message_id=notification_id(claim.key, kind),
        workflow=claim.workflow,
        key=claim.key,
        kind=kind,
        email=claim.request.email,
        data=data,
    )
    commands = (activity(send_notification, notification),)
    yield from done_or_dead_lettered(claim, Step(name=step, commands=commands), claim.step_policy)
