"""What is asked of the inventory of one product: the requests of its operations."""

from typing import Annotated, ClassVar

from pydantic import Field

from domain.catalogue.product import Quantity
from domain.ids import OrderId
from domain.keyed_changes import KeyedChange
from domain.wire import VISIBLE_TEXT, Timestamp, Wire

UnitsReceived = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
UnitsFound = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]
"""Units found (positive) or missing (negative)."""

CorrectionReason = Annotated[str, Field(min_length=1, max_length=200), VISIBLE_TEXT]


class ReserveRequest(Wire):
    """Reserve units for an order until a time."""

    order_id: OrderId
    quantity: Quantity
    expires_at: Timestamp
    now: Timestamp


class ReleaseRequest(Wire):
    """Release an order's units."""

    order_id: OrderId
    now: Timestamp


class CommitRequest(Wire):
    """Sell an order's units."""

    order_id: OrderId
    quantity: Quantity
    placed_at: Timestamp
    now: Timestamp


class RestockRequest(KeyedChange):
    """Add delivered units."""

    operation: ClassVar = "restock"

    quantity: UnitsReceived


class AdjustRequest(KeyedChange):
    """Correct the count."""

    operation: ClassVar = "adjust"

    delta: UnitsFound
    reason: CorrectionReason


class ExpireRequest(Wire):
    """End reservations past their time, except those of live orders, which are still being processed."""

    now: Timestamp
    live: tuple[OrderId, ...] = ()
