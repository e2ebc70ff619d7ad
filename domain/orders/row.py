"""What is known of an order by its row in the order repository."""

from typing import Any, NamedTuple

from domain.orders.order import Order, OrderProgress, OrderStatus
from domain.shipping.tracking import Tracking
from domain.wire import Timestamp, Wire
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.course import Course
from domain.workflows.steps import StepResult


class OrderRow(Wire):
    """What the repository knows of an order. order and what comes from it: None for an order that came in past the repository.

    fingerprint: of the body it was accepted with. result: what its saga last recorded, None until then. tracking: where its
    parcel is, once the carrier was asked. course: see there. cancellation: a request that was accepted, acted upon or not.
    is_compensated: a replay of a dead letter has begun to compensate it. recoveries: how often an operator started it again.
    """

    order_id: str
    status: OrderStatus
    updated_at: Timestamp
    fingerprint: str | None = None
    customer_id: str | None = None
    placed_at: Timestamp | None = None
    total_cents: int | None = None
    currency: str | None = None
    order: Order | None = None
    result: OrderProgress | None = None
    tracking: Tracking | None = None
    course: Course | None = None
    cancellation: CancellationRequest | None = None
    is_compensated: bool = False
    recoveries: int = 0


class BeforeCapture(NamedTuple):
    """What decides whether an order's money may be taken.

    Attributes:
        stop: Why not; None when it may be.
        row: The order's row as the repository has read it, for itself; None where a course needs no write, or another read.
    """

    stop: StepResult | None
    row: Any = None
