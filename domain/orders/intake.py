"""Orders from batches and checkouts, and messages of the order queue that are no orders."""

from domain.field_error import FieldError
from domain.ids import OrderId
from domain.orders.order import OrderRequest
from domain.wire import Wire
from domain.workflows.steps import StepResult


class AcceptOrder(Wire):
    """Accept an order under this id, whatever id the request names."""

    order_id: OrderId
    request: OrderRequest


class OrderAccepted(StepResult):
    """The id of an accepted order as the reference, or the errors of a request that was refused as not_acceptable."""

    errors: tuple[FieldError, ...] = ()


class RefusedMessage(Wire):
    """A poison message: one that is no order.

    The message's text is None when it may hold a card number, or is too long to be stored with its errors.
    """

    message_id: str
    reason_code: str
    reason: str
    errors: tuple[FieldError, ...]
    message: str | None
