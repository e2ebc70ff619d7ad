"""An order that comes in from inside: from a batch, or from a cart that is checked out."""

from domain.field_error import FieldError
from domain.ids import OrderId
from domain.order import OrderRequest
from domain.steps import StepResult
from domain.wire import Wire


class AcceptOrder(Wire):
    """Take an order in under this id, whatever id the request names."""

    order_id: OrderId
    request: OrderRequest


class OrderTakenIn(StepResult):
    """reference: the order's id. errors: what was wrong with the request when it was refused as not_acceptable."""

    errors: tuple[FieldError, ...] = ()
