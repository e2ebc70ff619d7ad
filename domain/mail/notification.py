"""Messages to people. The message id is the same on every retry, so that a repeat can be dropped."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from pydantic import Field

from domain.ids import WorkflowKey
from domain.wire import Wire


class NotificationKind(StrEnum):
    """What happened, from the reader's point of view. Each has its texts in adapters/rendering/templates."""

    APPROVAL_REQUESTED = "approval_requested"
    APPROVAL_REMINDER = "approval_reminder"
    APPROVAL_ESCALATED = "approval_escalated"
    ORDER_COMPLETED = "order_completed"
    ORDER_REJECTED = "order_rejected"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_FAILED = "order_failed"
    ORDER_CLOSED = "order_closed"
    USER_WELCOME = "user_welcome"
    EXPENSE_DECISION_REQUESTED = "expense_decision_requested"
    EXPENSE_DECISION_REMINDER = "expense_decision_reminder"
    EXPENSE_PAID = "expense_paid"
    EXPENSE_REJECTED = "expense_rejected"
    EXPENSE_TIMED_OUT = "expense_timed_out"


ORDER_APPROVALS: Final = frozenset(
    {NotificationKind.APPROVAL_REQUESTED, NotificationKind.APPROVAL_REMINDER, NotificationKind.APPROVAL_ESCALATED}
)
"""Each goes to one approver and is about an order."""

CLAIM_DECISIONS: Final = frozenset(
    {NotificationKind.EXPENSE_DECISION_REQUESTED, NotificationKind.EXPENSE_DECISION_REMINDER}
)
"""Each goes to one approver and is about an expense claim."""

# A mail server may be away for hours; after the last pause an operator has to look.
_PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


class Notification(Wire):
    """One message to be delivered at least once.

    Attributes:
        workflow: Of the run that it is about.
        key: Of that run: an order's id, where the workflow is the order's.
        email: Of the person who reads it; empty where there is none.
        data: More facts for the texts; plain JSON, nothing secret.
        failures: How often its delivery failed.
    """

    message_id: str
    workflow: str
    key: WorkflowKey
    kind: NotificationKind
    email: str
    data: dict[str, Any] = Field(default_factory=dict)
    failures: int = 0


class Resend(NamedTuple):
    """A message that an operator had sent once more. message_id: its own, another than the first one's."""

    message_id: str
    asked_at: datetime


def next_try(notification: Notification) -> tuple[Notification, timedelta] | None:
    """Return the message after one more failure, and when to try again; None when its tries are used up."""
    if notification.failures >= len(_PAUSES):
        return None
    failed = notification.model_copy(update={"failures": notification.failures + 1})
    return failed, _PAUSES[notification.failures]
