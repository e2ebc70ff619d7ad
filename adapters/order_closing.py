"""Notify the customer of an order that needed an operator once it is closed."""

from adapters.order_book import OrderBook
from adapters.outbox import Outbox
from domain.ids import notification_id
from domain.notification import Notification, NotificationKind
from domain.order import CloseOrder, Order, OrderStatus


def notify_of_end(book: OrderBook, outbox: Outbox, closing: CloseOrder) -> None:
    """Put the notification of a closed order into the outbox. A repeat carries the same id.

    Raises:
        StorageUnavailable: The outbox or the order book did not answer.
    """
    row = book.get(closing.order_id)
    if row is not None and row.order is not None:
        outbox.put(_news(row.order, closing.status))


def _news(order: Order, status: OrderStatus) -> Notification:
    is_cancelled = status is OrderStatus.CANCELLED
    kind = NotificationKind.ORDER_CANCELLED if is_cancelled else NotificationKind.ORDER_CLOSED
    message_id = notification_id(order.order_id, kind)
    return Notification(message_id=message_id, order_id=order.order_id, kind=kind, email=order.email)
