"""One run of an order's saga, and what is recorded so that another run can take over from it.

The platform fails a run for good whose worker process dies. The next run is given the same id and input, looks up what is
recorded, and ends the order as the first would have ended it: every effect is keyed by the order, never by the run.
"""

from typing import Annotated, Final

from pydantic import Field

from domain.ids import OrderId, notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.orders.approval import CancellationRequest, SettledApproval
from domain.orders.order import Order, OrderProgress, OrderStatus
from domain.payments.payment import CaptureRequest
from domain.wire import Wire
from domain.workflows.commands import Effect
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.steps import Message, StepResult

COMMIT_INVENTORY: Final = "commit_inventory"
STOPPED: Final = "stopped"
"""Why a payment is not captured: the order's course is another one."""
CANCELLED: Final = "cancelled"
"""Why a payment is not captured, and why an order ends so: its cancellation was accepted."""


_NEWS: Final = {
    OrderStatus.COMPLETED: NotificationKind.ORDER_COMPLETED,
    OrderStatus.REJECTED: NotificationKind.ORDER_REJECTED,
    OrderStatus.CANCELLED: NotificationKind.ORDER_CANCELLED,
    OrderStatus.FAILED: NotificationKind.ORDER_FAILED,
}


class OrderStart(Order):
    """The input of an order's saga. attempt: 1, and more for a run that takes over from one that the platform has failed."""

    attempt: Annotated[int, Field(ge=1)] = 1


class Compensation(Wire):
    """What leaves things as they were before a step, also when the step never happened."""

    name: str
    effects: tuple[Effect, ...]


class Course(Wire):
    """Which way an order goes, recorded once and for all its runs: to its completion, or to another end by compensations.

    end: COMPLETED is recorded once the payment is taken, any other before the first compensation runs.
    """

    end: OrderStatus
    reason_code: str | None = None
    message: Message | None = None
    compensations: tuple[Compensation, ...] = ()

    @property
    def completes(self) -> bool:
        """Whether the order is past the point of no return."""
        return self.end is OrderStatus.COMPLETED


class SettleCourse(Wire):
    """Record an order's course unless it has one. progress: where the order stands, for a run that takes over from there."""

    course: Course
    progress: OrderProgress


class CourseSettled(StepResult):
    """The course that holds, and where the order stood when it was settled."""

    course: Course
    progress: OrderProgress


class CapturePayment(CaptureRequest):
    """Take the money, unless the order is to stop, and record that it was taken. progress: where the order stands."""

    progress: OrderProgress


class LookUpOrder(Wire):
    """Ask for what is recorded of an order."""

    order_id: OrderId


class OrderFound(StepResult):
    """What earlier runs and callers have recorded. progress: the last that was recorded. None: nothing was."""

    status: OrderStatus | None = None
    course: Course | None = None
    progress: OrderProgress | None = None
    cancellation: CancellationRequest | None = None
    decision: SettledApproval | None = None


class RecordOrder(Wire):
    """Record where an order stands. news: the message to people, if any. letters: what its end leaves to an operator."""

    progress: OrderProgress
    news: Notification | None = None
    letters: tuple[DeadLetter, ...] = ()


def news_of(order: Order, status: OrderStatus) -> Notification | None:
    """The message to the customer of an order that has ended so. That it needs attention is none: an operator settles it first."""
    kind = _NEWS.get(status)
    if kind is None:
        return None
    message_id = notification_id(order.order_id, kind)
    return Notification(message_id=message_id, order_id=order.order_id, kind=kind, email=order.email)
