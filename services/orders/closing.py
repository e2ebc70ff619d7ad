"""Notify the customer of an order that has ended with its last compensation."""

from typing import TYPE_CHECKING

from domain.ids import PROCESS_ORDER, notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.orders.order import Order, OrderStatus
from domain.orders.run import notification_of_end

if TYPE_CHECKING:
    from domain.repositories.orders import OrderRepository
    from domain.repositories.people import Outbox


def notify_of_end(orders: "OrderRepository", outbox: "Outbox", order_id: str, status: OrderStatus) -> None:
    """Put the notification of a closed order into the outbox. A repeat carries the same id.

    Raises:
        StorageUnavailable: The outbox or the order repository did not answer.
    """
    row = orders.get(order_id)
    if row is not None and row.order is not None:
        outbox.put(closing_notification(row.order, status))


def closing_notification(order: Order, status: OrderStatus) -> Notification:
    """Return the message to the customer of an order that has ended."""
    expected = status in (OrderStatus.CANCELLED, OrderStatus.COMPLETED)
    known = notification_of_end(order, status) if expected else None
    if known is not None:
        return known
    kind = NotificationKind.ORDER_CLOSED
    message_id = notification_id(order.order_id, kind)
    return Notification(message_id=message_id, workflow=PROCESS_ORDER, key=order.order_id, kind=kind, email=order.email)
