"""Close an order that needed an operator, and tell its customer, who has heard nothing of it since."""

from adapters.order_book import OrderBook
from adapters.outbox import Outbox
from domain.ids import notification_id
from domain.notification import Notification, NotificationKind
from domain.order import CloseOrder, Order, OrderStatus


def close_and_tell(book: OrderBook, outbox: Outbox, closing: CloseOrder) -> OrderStatus | None:
    """Close it; a repeat closes nothing and tells the same again. Gives and raises what `OrderBook.close` does."""
    status = book.close(closing)
    if status is closing.status:
        row = book.get(closing.order_id)
        if row is not None and row.order is not None:
            outbox.put(_news(row.order, status))
    return status


def _news(order: Order, status: OrderStatus) -> Notification:
    is_cancelled = status is OrderStatus.CANCELLED
    kind = NotificationKind.ORDER_CANCELLED if is_cancelled else NotificationKind.ORDER_CLOSED
    message_id = notification_id(order.order_id, kind)
    return Notification(message_id=message_id, order_id=order.order_id, kind=kind, email=order.email)
