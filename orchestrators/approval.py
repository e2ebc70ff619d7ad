"""Wait for a human to approve a large order, remind them, and settle on exactly one decision.

A decision is entered once, in the order repository, by whoever comes first: the HTTP API before it answers 202, or
this wait when it
hears of one or runs out of time. So a decision that was answered 202 always counts, even when its event was lost.
"""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from activities.order_repository import record_order, settle_approval
from domain.ids import notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.orders.approval import (
    APPROVAL_DECIDED,
    APPROVAL_DECISION,
    ApprovalDecision,
    ApprovalWait,
    SettleApprovalRequest,
    SettledApproval,
    approval_wait_id,
    decision_from_event,
)
from domain.orders.order import OrderStatus
from domain.orders.run import RecordOrder
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import BRIEF, PERSISTENT, Wait
from orchestrators.kernel.saga import OrderStopped, Saga
from orchestrators.kernel.tasks import DurableTask

# Constructed, not validated: a cold start need not build a validator for a constant.
_NOBODY_DECIDED = ApprovalDecision.model_construct(
    decision="rejected", approver="time-out", comment="nobody decided in time"
)


def wait_for_approval(saga: Saga) -> Wait:
    """Nothing to wait for below the threshold. Raises OrderStopped when rejected, out of time, or cancelled meanwhile."""
    if not saga.order.needs_approval:
        return
    settled = saga.decision
    if settled is None:
        saga.stop_if_cancelled()
        wait = _open_wait(saga)
        yield from _ask(saga, NotificationKind.APPROVAL_REQUESTED, 0)
        heard = yield from _hear_decision(saga, wait)
        saga.stop_if_cancelled()
        settled = yield from _settle(saga, wait, heard)
    _conclude(saga, settled)


def _open_wait(saga: Saga) -> ApprovalWait:
    """A run that takes over waits no longer than the one before would have."""
    wait = saga.approval
    if wait is None:
        deadline = saga.context.current_utc_datetime + timedelta(seconds=saga.order.policy.approval_timeout_s)
        wait = ApprovalWait(wait_id=approval_wait_id(saga.order.order_id), expires_at=deadline)
    saga.approval = wait
    saga.advance(OrderStatus.AWAITING_APPROVAL, "The order waits for an approval.")
    return wait


def _ask(saga: Saga, kind: NotificationKind, number: int) -> Wait:
    """Tell the approvers, and whoever lists the order repository. Neither may hold up the wait for long."""
    message_id = notification_id(saga.order.order_id, f"{kind}.{number}")
    message = Notification(message_id=message_id, order_id=saga.order.order_id, kind=kind, email=saga.order.email)
    record = RecordOrder(progress=saga.progress(), news=message)
    yield from saga.call([activity(record_order, record)], BRIEF, seed=message_id)


def _hear_decision(saga: Saga, wait: ApprovalWait) -> Generator[DurableTask, Any, ApprovalDecision | None]:
    """The first decision that comes, with reminders until then. None: out of time, or cancelled."""
    decided = saga.context.wait_for_external_event(APPROVAL_DECIDED)
    plain = saga.context.wait_for_external_event(APPROVAL_DECISION)
    doors = [decided, plain, saga.cancellation]
    reminders = _reminders_due(saga, wait)
    while True:
        timer = saga.context.create_timer(_wake_for(saga, wait, reminders + 1))
        winner = yield saga.context.task_any([*doors, timer])
        if winner is timer:
            if saga.context.current_utc_datetime >= wait.expires_at:
                return None
            reminders += 1
            yield from _ask(saga, NotificationKind.APPROVAL_REMINDER, reminders)
            continue
        timer.cancel()
        if winner is saga.cancellation:
            return None
        decision = decision_from_event(winner.result)
        if decision is not None:
            return decision
        # The SDK hands a buffered event to every later wait of its name: this door must stay shut, or it would never pass.
        doors.remove(winner)


def _reminders_due(saga: Saga, wait: ApprovalWait) -> int:
    """How many reminders the wait has had by now: none, unless an earlier run has opened it."""
    waited = saga.context.current_utc_datetime - _opened_at(saga, wait)
    return max(0, int(waited.total_seconds() // saga.order.policy.approval_reminder_s))


def _wake_for(saga: Saga, wait: ApprovalWait, number: int) -> datetime:
    reminder = _opened_at(saga, wait) + timedelta(seconds=number * saga.order.policy.approval_reminder_s)
    return min(reminder, wait.expires_at)


def _opened_at(saga: Saga, wait: ApprovalWait) -> datetime:
    return wait.expires_at - timedelta(seconds=saga.order.policy.approval_timeout_s)


def _settle(
    saga: Saga, wait: ApprovalWait, heard: ApprovalDecision | None
) -> Generator[DurableTask, Any, SettledApproval]:
    request = SettleApprovalRequest(
        order_id=saga.order.order_id,
        wait_id=wait.wait_id,
        decision=heard or _NOBODY_DECIDED,
        timed_out=heard is None,
    )
    attempts = yield from saga.call([activity(settle_approval, request)], PERSISTENT, seed="settle_approval")
    if attempts.answer is None:
        raise OrderStopped(OrderStatus.FAILED, "no_answer", "The order repository did not answer.")
    return SettledApproval.model_validate(attempts.answer)


def _conclude(saga: Saga, settled: SettledApproval) -> None:
    decision = settled.decision
    saga.approval = None
    approved = decision.decision == "approved"
    code = None if approved else "approval_timed_out" if settled.timed_out else "approval_rejected"
    told = f"{decision.decision} by {decision.approver}" + (f": {decision.comment}" if decision.comment else "")
    outcome = Outcome.DONE if approved else Outcome.REFUSED
    saga.note("wait_for_approval", StepResult(outcome=outcome, reason_code=code, message=told))
    if code is not None:
        raise OrderStopped(OrderStatus.REJECTED, code, f"The order was {told}.")
