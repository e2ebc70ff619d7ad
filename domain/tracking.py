"""A parcel on its way, as the carrier tells it and as the shop remembers it."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from domain.ids import OrderId
from domain.steps import Message, Outcome
from domain.wire import Timestamp, Wire

SHIPMENT_TRACKING: Final = "shipment_tracking"
TRACKING_REPORTED: Final = "TrackingReported"
"""Raised when the carrier has news. It carries none itself: the carrier is asked."""

FIRST_PAUSE: Final = timedelta(hours=1)
LONGEST_PAUSE: Final = timedelta(hours=12)
LOST_AFTER: Final = timedelta(days=45)
"""A parcel of which no end is heard for so long has none."""

TrackingCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{4,50}$")]


class ParcelStatus(StrEnum):
    """Where a parcel is. The last three are ends."""

    UNKNOWN = "unknown"
    PRE_TRANSIT = "pre_transit"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"


ENDS: Final = frozenset({ParcelStatus.DELIVERED, ParcelStatus.RETURNED, ParcelStatus.LOST})


class TrackingRequest(Wire):
    """Follow the parcel of an order."""

    order_id: OrderId


class Tracking(Wire):
    """What is known of a parcel. looked_at: when the carrier was asked."""

    code: TrackingCode
    status: ParcelStatus
    looked_at: Timestamp


class LookRequest(Wire):
    """Ask the carrier for a parcel and enter the answer. code: None at first, when the order book has to tell it."""

    order_id: OrderId
    code: TrackingCode | None = None
    at: Timestamp


class Look(Wire):
    """What came of asking. Refused: not_tracked, when the order has no parcel."""

    outcome: Outcome = Outcome.DONE
    reason_code: str | None = None
    message: Message | None = None
    tracking: Tracking | None = None


class Watch(Wire):
    """How far a watch is; carried from one run of the story to the next. looks: how often the carrier was asked."""

    started_at: Timestamp
    looks: int = 0
    tracking: Tracking | None = None


def pause_after(looks: int) -> timedelta:
    """How long to leave the carrier alone: longer and longer. looks: from 1."""
    return min(FIRST_PAUSE * (1 << min(looks - 1, 10)), LONGEST_PAUSE)
