"""An order that comes in from inside, from a batch or a cart that is checked out; and one that a queue brought in vain."""

from domain.field_error import FieldError
from domain.ids import OrderId
from domain.orders.order import OrderRequest
from domain.wire import Wire
from domain.workflows.steps import StepResult


class AcceptOrder(Wire):
    """Take an order in under this id, whatever id the request names."""

    order_id: OrderId
    request: OrderRequest


class OrderTakenIn(StepResult):
    """reference: the order's id. errors: what was wrong with the request when it was refused as not_acceptable."""

    errors: tuple[FieldError, ...] = ()


class RefusedMessage(Wire):
    """A message that is no order, as it is put aside.

    message: what it said; None when there may be a card number in it, or when it is too long to be put aside with its errors.
    """

    message_id: str
    reason_code: str
    reason: str
    errors: tuple[FieldError, ...]
    message: str | None
