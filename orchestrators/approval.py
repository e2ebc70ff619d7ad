"""The wait of a large order for an approver: with reminders, escalation, and a default when no approver decides in time."""

from datetime import datetime, timedelta
from typing import Final

from activities.notification import send_notification
from activities.run import record_run
from domain.ids import notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.orders.approval import APPROVAL_DECIDED, approval_wait_id
from domain.orders.order import OrderStatus
from domain.orders.steps import WAIT_FOR_APPROVAL
from domain.workflows.approval_wait import ApprovalWait, IgnoredEvent
from domain.workflows.course import RunStopped
from domain.workflows.decision import APPROVAL_DECISION, SettledApproval, settling_from_event
from domain.workflows.decision_link import DecisionLink
from domain.workflows.records import RecordRun
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.decision_wait import DecisionInbox, alarms_every, first_decision
from orchestrators.kernel.decisions import decision_message, settle_decision
from orchestrators.kernel.retry import BRIEF, Wait
from orchestrators.order_run import OrderRun

_EVENTS: Final = (APPROVAL_DECIDED, APPROVAL_DECISION)
_WAITS: Final = "The order waits for an approval."


def listen_for_approval(run: OrderRun) -> None:
    """From the first step on, receive the events of a decision, unless the order is below the threshold."""
    if run.order.needs_approval:
        run.inbox = DecisionInbox(run.context, _EVENTS)
        run.listen(*run.inbox.waits)


def wait_for_approval(run: OrderRun) -> Wait:
    """Wait, unless the order is below the threshold. Raises RunStopped when rejected, out of time, or cancelled meanwhile."""
    if run.inbox is None:
        return
    settled = run.decision
    if settled is None:
        run.stop_if_cancelled()
        settled = yield from _decided(run, run.inbox)
    _conclude(run, settled)


def _decided(run: OrderRun, inbox: DecisionInbox) -> Wait:
    """Return the `SettledApproval`. Raises RunStopped when the order is cancelled meanwhile."""
    policy, key = run.order.policy, run.order.order_id
    wait = _open_wait(run)
    opened = wait.expires_at - timedelta(seconds=policy.approval_timeout_s)
    yield from _ask_first(run, wait)
    request = yield from first_decision(
        run,
        inbox,
        _EVENTS,
        until=wait.expires_at,
        alarms=(
            alarms_every(policy.approval_reminder_s, opened, lambda number: _remind(run, number)),
            alarms_every(
                policy.approval_escalation_s,
                opened,
                lambda number: _escalate(run, number),
                most=len(policy.approvers) - 1,
            ),
        ),
        read=lambda payload: settling_from_event(payload, run.workflow, key, wait.wait_id),
        ignored=lambda event: _show_ignored(run, event),
    )
    run.stop_if_cancelled()
    return (yield from settle_decision(run, wait.wait_id, request))


def _open_wait(run: OrderRun) -> ApprovalWait:
    """Return the wait; an instance that takes over waits no longer than the one before would have."""
    wait = run.approval
    now: datetime = run.context.current_utc_datetime
    if wait is None:
        deadline = now + timedelta(seconds=run.order.policy.approval_timeout_s)
        approvers = run.order.policy.approvers[:1]
        wait = ApprovalWait(wait_id=approval_wait_id(run.order.order_id), expires_at=deadline, approvers=approvers)
    run.approval = wait
    run.advance(OrderStatus.AWAITING_APPROVAL, _WAITS)
    return wait


def _ask_first(run: OrderRun, wait: ApprovalWait) -> Wait:
    """Notify the first approver, and record that the order waits. Neither may hold up the wait for long."""
    first = next(iter(run.order.policy.approvers), "")
    message = _notification(run, NotificationKind.APPROVAL_REQUESTED, "0", first)
    record = RecordRun(workflow=run.workflow, key=run.key, progress=run.progress().to_wire(), notification=message)
    yield from run.call([activity(record_run, record)], BRIEF, seed=message.message_id)


def _remind(run: OrderRun, number: int) -> Wait:
    """Remind every approver who was asked."""
    asked = run.approval.approvers if run.approval is not None else ()
    names = [str(number), *(f"{number}.{place}" for place in range(2, len(asked) + 1))]
    yield from _notify(
        run,
        *(
            _notification(run, NotificationKind.APPROVAL_REMINDER, name, approver)
            for name, approver in zip(names, asked, strict=False)
        ),
    )


def _escalate(run: OrderRun, number: int) -> Wait:
    """Ask the next approver as well; the links of those before stay valid."""
    approver = run.order.policy.approvers[number]
    if run.approval is not None:
        run.approval = run.approval.model_copy(update={"approvers": run.order.policy.approvers[: number + 1]})
        run.publish()
    yield from _notify(run, _notification(run, NotificationKind.APPROVAL_ESCALATED, str(number), approver))


def _notify(run: OrderRun, *messages: Notification) -> Wait:
    """Hand messages to the outbox. Without one the wait goes on: the decision can come by other ways."""
    if messages:
        commands = [activity(send_notification, message) for message in messages]
        yield from run.call(commands, BRIEF, seed=messages[0].message_id)


def _notification(run: OrderRun, kind: NotificationKind, name: str, approver: str) -> Notification:
    """Return the message to one approver. approver: empty where there is none, which the delivery reports."""
    data = {}
    if approver and run.approval is not None:
        link = DecisionLink(
            workflow=run.workflow,
            key=run.key,
            wait_id=run.approval.wait_id,
            approver=approver,
            expires_at=run.approval.expires_at,
        )
        data["link"] = link.to_wire()
    return Notification(
        message_id=notification_id(run.key, f"{kind}.{name}"),
        workflow=run.workflow,
        key=run.key,
        kind=kind,
        email=approver,
        data=data,
    )


def _show_ignored(run: OrderRun, event: IgnoredEvent) -> None:
    if run.approval is not None:
        run.approval = run.approval.model_copy(update={"ignored_event": event})
    run.show(f"{_WAITS} {event.message}")


def _conclude(run: OrderRun, settled: SettledApproval) -> None:
    decision = settled.decision
    run.approval = None
    approved = decision.decision == "approved"
    code = None if approved else "approval_timed_out" if settled.timed_out else "approval_rejected"
    message = decision_message(decision)
    outcome = Outcome.DONE if approved else Outcome.REFUSED
    run.record(WAIT_FOR_APPROVAL, StepResult(outcome=outcome, reason_code=code, message=message))
    if code is not None:
        raise RunStopped("rejected", code, f"The order was {message}.")
