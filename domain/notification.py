"""What people are told of an order. The message id is the same on every retry, so that a repeat can be dropped."""

from enum import StrEnum

from domain.ids import OrderId
from domain.wire import Wire


class NotificationKind(StrEnum):
    """What happened, from the reader's point of view. The first two go to whoever approves, the rest to the customer."""

    APPROVAL_REQUESTED = "approval_requested"
    APPROVAL_REMINDER = "approval_reminder"
    ORDER_COMPLETED = "order_completed"
    ORDER_REJECTED = "order_rejected"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_FAILED = "order_failed"


class Notification(Wire):
    """One message to be delivered at least once. email: the customer's, who may not be the reader."""

    message_id: str
    order_id: OrderId
    kind: NotificationKind
    email: str
