"""A parcel on its way, as the carrier tells it and as the shop remembers it."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from domain.ids import OrderId
from domain.wire import Timestamp, Wire
from domain.workflows.steps import StepResult

SHIPMENT_TRACKING: Final = "shipment_tracking"
TRACKING_REPORTED: Final = "TrackingReported"
"""Raised when the carrier has news. It carries none itself: the carrier is asked."""

FIRST_PAUSE: Final = timedelta(hours=1)
MAX_PAUSE: Final = timedelta(hours=12)
LOST_AFTER: Final = timedelta(days=45)
"""A parcel of which no end is heard for so long has none."""

TrackingCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{4,50}$")]


class ParcelStatus(StrEnum):
    """Where a parcel is. The last four are ends."""

    UNKNOWN = "unknown"
    PRE_TRANSIT = "pre_transit"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    CANCELLED = "cancelled"


ENDS: Final = frozenset({ParcelStatus.DELIVERED, ParcelStatus.RETURNED, ParcelStatus.LOST, ParcelStatus.CANCELLED})
_MAX_REMEMBERED: Final = 20


class TrackingRequest(Wire):
    """Follow the parcel of an order."""

    order_id: OrderId


class Tracking(Wire):
    """What is known of a parcel. seen_at: when the carrier was asked and first said so."""

    code: TrackingCode
    status: ParcelStatus
    seen_at: Timestamp


class ParcelQuery(Wire):
    """Ask the carrier for a parcel. at: now."""

    code: TrackingCode
    at: Timestamp


class ParcelSeen(StepResult):
    """What the carrier says of a parcel."""

    tracking: Tracking | None = None


class RecordTracking(Wire):
    """Enter in the order repository where an order's parcel is."""

    order_id: OrderId
    tracking: Tracking


class Watch(Wire):
    """How far a watch is; handed from one run of its story to the next. looks: how often the carrier was asked.

    seen: each status once, when it came; the newest last.
    """

    started_at: Timestamp
    code: TrackingCode | None = None
    looks: int = 0
    seen: tuple[Tracking, ...] = ()

    @property
    def latest(self) -> Tracking | None:
        """The latest status that was seen."""
        return self.seen[-1] if self.seen else None

    def after_look(self, tracking: Tracking | None) -> "Watch":
        """With one more look. tracking: what it brought; None when the carrier did not answer."""
        news = tracking is not None and (self.latest is None or tracking.status is not self.latest.status)
        seen = (*self.seen, tracking) if news else self.seen
        return self.model_copy(update={"looks": self.looks + 1, "seen": seen[-_MAX_REMEMBERED:]})


def pause_after(looks: int) -> timedelta:
    """How long to leave the carrier alone: longer and longer. looks: from 1."""
    return min(FIRST_PAUSE * (1 << min(looks - 1, 10)), MAX_PAUSE)
