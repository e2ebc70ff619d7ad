"""Orders from batches and checkouts, and messages of the order queue that are no orders."""

from typing import Annotated

from pydantic import Field

from domain.field_error import FieldError
from domain.ids import OrderId, WorkflowKey
from domain.orders.order import OrderRequest
from domain.wire import Wire, is_absent
from domain.workflows.steps import StepResult


class AcceptOrder(Wire):
    """Accept an order under this id, whatever id the request names.

    Attributes:
        batch_id: Of the batch that places it, whose senders have no say in its approval; None for another.
    """

    order_id: OrderId
    request: OrderRequest
    batch_id: Annotated[WorkflowKey | None, Field(exclude_if=is_absent)] = None


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
