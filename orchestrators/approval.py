"""The wait of a large order for an approver: with reminders, and with a default when no approver decides in time.

What an event brings is only the early message of a decision; the one that holds is stored in the order repository.
"""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from activities.order_repository import record_order, settle_approval
from domain.ids import notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.orders.approval import APPROVAL_DECIDED, ApprovalWait, approval_wait_id
from domain.orders.order import OrderStatus
from domain.orders.run import RecordOrder
from domain.orders.steps import WAIT_FOR_APPROVAL
from domain.workflows.course import RunStopped
from domain.workflows.decision import (
    APPROVAL_DECISION,
    ApprovalDecision,
    SettleApprovalRequest,
    SettledApproval,
    decision_from_event,
)
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import BRIEF, PERSISTENT, Wait
from orchestrators.kernel.tasks import DurableTask
from orchestrators.order_run import OrderRun

# Constructed, not validated: a cold start need not build a validator for a constant.
_TIMED_OUT = ApprovalDecision.model_construct(
    decision="rejected", approver="time-out", comment="no approver decided in time"
)


def wait_for_approval(run: OrderRun) -> Wait:
    """Wait, unless the order is below the threshold. Raises RunStopped when rejected, out of time, or cancelled meanwhile."""
    if not run.order.needs_approval:
        return
    settled = run.decision
    if settled is None:
        run.stop_if_cancelled()
        wait = _open_wait(run)
        yield from _ask(run, NotificationKind.APPROVAL_REQUESTED, 0)
        decision = yield from _first_decision(run, wait)
        run.stop_if_cancelled()
        settled = yield from _settle(run, wait, decision)
    _conclude(run, settled)


def _open_wait(run: OrderRun) -> ApprovalWait:
    """Return the wait; an instance that takes over waits no longer than the one before would have."""
    wait = run.approval
    if wait is None:
        deadline = run.context.current_utc_datetime + timedelta(seconds=run.order.policy.approval_timeout_s)
        wait = ApprovalWait(wait_id=approval_wait_id(run.order.order_id), expires_at=deadline)
    run.approval = wait
    run.advance(OrderStatus.AWAITING_APPROVAL, "The order waits for an approval.")
    return wait


def _ask(run: OrderRun, kind: NotificationKind, number: int) -> Wait:
    """Notify the approvers, and record that the order waits. Neither may hold up the wait for long."""
    message_id = notification_id(run.order.order_id, f"{kind}.{number}")
    message = Notification(message_id=message_id, workflow=run.workflow, key=run.key, kind=kind, email=run.order.email)
    record = RecordOrder(progress=run.progress(), notification=message)
    yield from run.call([activity(record_order, record)], BRIEF, seed=message_id)


def _first_decision(run: OrderRun, wait: ApprovalWait) -> Generator[DurableTask, Any, ApprovalDecision | None]:
    """Return the first decision that comes, with reminders until then. None: out of time, or cancelled."""
    decided = run.context.wait_for_external_event(APPROVAL_DECIDED)
    plain = run.context.wait_for_external_event(APPROVAL_DECISION)
    events = [decided, plain, run.cancellation]
    reminders = _reminders_due(run, wait)
    while True:
        timer = run.context.create_timer(_wake_for(run, wait, reminders + 1))
        winner = yield run.context.task_any([*events, timer])
        if winner is timer:
            if run.context.current_utc_datetime >= wait.expires_at:
                return None
            reminders += 1
            yield from _ask(run, NotificationKind.APPROVAL_REMINDER, reminders)
            continue
        timer.cancel()
        if winner is run.cancellation:
            return None
        decision = decision_from_event(winner.result)
        if decision is not None:
            return decision
        # The SDK hands a buffered event to every later wait of its name: another wait for it would be over at once, for ever.
        events.remove(winner)


def _reminders_due(run: OrderRun, wait: ApprovalWait) -> int:
    """Return how many reminders the wait has had by now: none, unless an earlier instance has opened it."""
    waited = run.context.current_utc_datetime - _opened_at(run, wait)
    return max(0, int(waited.total_seconds() // run.order.policy.approval_reminder_s))


def _wake_for(run: OrderRun, wait: ApprovalWait, number: int) -> datetime:
    reminder = _opened_at(run, wait) + timedelta(seconds=number * run.order.policy.approval_reminder_s)
    return min(reminder, wait.expires_at)


def _opened_at(run: OrderRun, wait: ApprovalWait) -> datetime:
    return wait.expires_at - timedelta(seconds=run.order.policy.approval_timeout_s)


def _settle(
    run: OrderRun, wait: ApprovalWait, decision: ApprovalDecision | None
) -> Generator[DurableTask, Any, SettledApproval]:
    request = SettleApprovalRequest(
        workflow=run.workflow,
        key=run.key,
        wait_id=wait.wait_id,
        decision=decision or _TIMED_OUT,
        timed_out=decision is None,
    )
    attempts = yield from run.call([activity(settle_approval, request)], PERSISTENT, seed="settle_approval")
    if attempts.answer is None:
        raise RunStopped("failed", "no_answer", "The order repository did not answer.")
    return SettledApproval.model_validate(attempts.answer)


def _conclude(run: OrderRun, settled: SettledApproval) -> None:
    decision = settled.decision
    run.approval = None
    approved = decision.decision == "approved"
    code = None if approved else "approval_timed_out" if settled.timed_out else "approval_rejected"
    message = f"{decision.decision} by {decision.approver}" + (f": {decision.comment}" if decision.comment else "")
    outcome = Outcome.DONE if approved else Outcome.REFUSED
    run.record(WAIT_FOR_APPROVAL, StepResult(outcome=outcome, reason_code=code, message=message))
    if code is not None:
        raise RunStopped("rejected", code, f"The order was {message}.")
