"""One instance of an order's saga, and what is recorded so that another instance can take over from it.

The platform fails an instance for good whose worker process dies. The next one is given the same id and input, looks up what is
recorded, and ends the order as the first would have ended it: every command is keyed by the order, never by the instance.
"""

from typing import Final

from domain.ids import PROCESS_ORDER, OrderId, notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.orders.order import Order, OrderProgress, OrderStatus
from domain.payments.payment import CaptureRequest
from domain.wire import Wire
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.course import Course
from domain.workflows.decision import SettledApproval
from domain.workflows.records import SettleCourse
from domain.workflows.run import Restart, Run
from domain.workflows.steps import StepResult

STOPPED: Final = "stopped"
"""The reason code of a payment that is not captured because the order's course is another one."""

PROGRESS: Final = "progress"
"""The key, in the request of a step's activity, of where its order stands: see `CapturePayment.progress`."""

_NOTIFICATIONS: Final = {
    OrderStatus.COMPLETED: NotificationKind.ORDER_COMPLETED,
    OrderStatus.REJECTED: NotificationKind.ORDER_REJECTED,
    OrderStatus.CANCELLED: NotificationKind.ORDER_CANCELLED,
    OrderStatus.FAILED: NotificationKind.ORDER_FAILED,
}


class OrderStart(Order):
    """The input of an order's saga.

    Attributes:
        restart: For an instance that takes over from one that the platform has failed.
    """

    restart: Restart | None = None


class CapturePayment(CaptureRequest):
    """Take the money, unless the order is to stop, and record that it was taken.

    Attributes:
        progress: Where the order stands.
    """

    progress: OrderProgress


class LookUpOrder(Wire):
    """Ask for what is recorded of an order."""

    order_id: OrderId


class OrderFound(StepResult):
    """What earlier instances and callers have recorded; None where nothing was."""

    status: OrderStatus | None = None
    course: Course | None = None
    progress: OrderProgress | None = None
    cancellation: CancellationRequest | None = None
    decision: SettledApproval | None = None


def settling(course: Course, progress: OrderProgress) -> SettleCourse:
    """Return what records an order's course. progress: for an instance that takes over from there."""
    return SettleCourse(workflow=PROCESS_ORDER, key=progress.order_id, course=course, progress=progress.to_wire())


def notification_of_end(order: Order, status: OrderStatus) -> Notification | None:
    """Return the message to the customer of an order that has ended so.

    None for an order that needs attention: an operator settles it first.
    """
    kind = _NOTIFICATIONS.get(status)
    if kind is None:
        return None
    message_id = notification_id(order.order_id, kind)
    return Notification(message_id=message_id, workflow=PROCESS_ORDER, key=order.order_id, kind=kind, email=order.email)


def run_of(order: Order, *, with_request: bool = True) -> Run:
    """Return an order as a run of its workflow. with_request: whether the run has the order as its input."""
    request = order.to_wire() if with_request else {}
    return Run(
        workflow=PROCESS_ORDER,
        key=order.order_id,
        request=request,
        accepted_at=order.placed_at,
        version=order.policy.version,
    )
