"""Approve an expense claim: add it up, ask its approvers, and pay it, or say why not."""

from typing import Any

import azure.durable_functions as df

from activities.expense import calculate_expense_totals, pay_expense
from activities.notification import send_notification
from domain.expenses import steps
from domain.expenses.claim import Assessment, ExpensePayment, ExpenseRequest
from domain.ids import EXPENSE_APPROVAL, notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.workflows.advice import with_settlement
from domain.workflows.commands import Step, step_of
from domain.workflows.decision import ApprovalDecision
from domain.workflows.steps import Outcome
from orchestrators.expense_turns import EVENTS, Claim, ask_approvers
from orchestrators.kernel.commands import activity
from orchestrators.kernel.dead_lettering import done_or_dead_lettered
from orchestrators.kernel.decision_wait import DecisionInbox
from orchestrators.kernel.decisions import TIMED_OUT
from orchestrators.kernel.retry import Wait
from orchestrators.kernel.saga import saga
from orchestrators.kernel.workflow_run import required

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def expense_approval(context: df.DurableOrchestrationContext) -> Wait:
    """Have a claim decided on by its approvers, and pay it.

    Input: `{key, request: ExpenseRequest}`. Result and custom status: a `WorkflowProgress`.
    """
    given = context.get_input()
    request = ExpenseRequest.model_validate(given["request"])
    claim = Claim.begin(context, EXPENSE_APPROVAL, given, request=request, inbox=DecisionInbox(context, EVENTS))
    claim.listen(*claim.inbox.waits)
    return (yield from saga(claim, process_claim(claim)))


def process_claim(claim: Claim) -> Wait:
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
    yield from _notify_claimant(claim, steps.NOTIFY_TIMEOUT, NotificationKind.EXPENSE_TIMED_OUT, TIMED_OUT)
    return claim.end("rejected", "No approver decided in time.", "expense_timed_out")


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
