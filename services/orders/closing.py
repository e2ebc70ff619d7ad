"""Do what follows an order's end: the message to its customer, and dead letters for what is left to an operator.

An end is recorded first. Its reminder goes last, so that the recovery timer does what a process that died in between left open.
"""

from typing import TYPE_CHECKING

from domain.errors import StorageUnavailable
from domain.ids import PROCESS_ORDER, notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.orders.order import ENDED, CloseOrder, Order, OrderStatus
from domain.orders.run import RecordOrder, notification_of_end
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.steps import StepResult

if TYPE_CHECKING:
    from domain.repositories import DeadLetters, OrderRepository, Outbox


def conclude(
    orders: "OrderRepository", outbox: "Outbox", dead_letters: "DeadLetters", record: RecordOrder
) -> tuple[StepResult, list[DeadLetter | None]]:
    """Do what follows a record; a repeat changes nothing more.

    Returns:
        The answer, refused as not_notified when the outbox did not take the message; and the dead letters that were stored.
    """
    notified = StepResult() if record.notification is None else _put(outbox, record.notification)
    stored = [dead_letters.store(dead_letter) for dead_letter in record.dead_letters]
    if record.progress.status in ENDED and notified.reason_code is None:
        orders.intake.forget(record.progress.order_id)
    return notified, stored


def notify_of_end(orders: "OrderRepository", outbox: "Outbox", closing: CloseOrder) -> None:
    """Put the notification of a closed order into the outbox. A repeat carries the same id.

    Raises:
        StorageUnavailable: The outbox or the order repository did not answer.
    """
    row = orders.get(closing.order_id)
    if row is not None and row.order is not None:
        outbox.put(_closing_notification(row.order, closing.status))


def _put(outbox: "Outbox", notification: Notification) -> StepResult:
    try:
        outbox.put(notification)
    except StorageUnavailable as error:
        return StepResult.refused("not_notified", str(error))
    return StepResult(reference=notification.message_id)


def _closing_notification(order: Order, status: OrderStatus) -> Notification:
    expected = status in (OrderStatus.CANCELLED, OrderStatus.COMPLETED)
    known = notification_of_end(order, status) if expected else None
    if known is not None:
        return known
    kind = NotificationKind.ORDER_CLOSED
    message_id = notification_id(order.order_id, kind)
    return Notification(message_id=message_id, workflow=PROCESS_ORDER, key=order.order_id, kind=kind, email=order.email)
