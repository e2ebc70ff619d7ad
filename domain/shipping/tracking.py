"""A parcel on its way: its statuses at the carrier, and what the shop records of them."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator

from domain.clocks import is_plausible
from domain.ids import OrderId
from domain.wire import Timestamp, Wire
from domain.workflows.steps import StepResult

SHIPMENT_TRACKING: Final = "shipment_tracking"
TRACKING_REPORTED: Final = "TrackingReported"
"""Raised when the carrier's webhook came. It holds no status: the carrier is polled for it."""

FIRST_PAUSE: Final = timedelta(hours=1)
MAX_PAUSE: Final = timedelta(hours=12)
MAX_SILENCE: Final = timedelta(hours=24)
"""A parcel of which nothing was reported for so long is polled."""

LOST_AFTER: Final = timedelta(days=45)
"""A parcel that has not reached an end after this time is lost."""

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
FOUND: Final = ENDS - {ParcelStatus.LOST}
_ARRIVED: Final = frozenset({ParcelStatus.DELIVERED, ParcelStatus.RETURNED})
_ON_THE_WAY: Final = tuple(ParcelStatus)
_MAX_REMEMBERED: Final = 20


class TrackingRequest(Wire):
    """Follow the parcel of an order."""

    order_id: OrderId


class Tracking(Wire):
    """What is known of a parcel.

    Attributes:
        seen_at: When the shop learned of this status.
        updated_at: When the carrier reported it, by its own clock; None where only the shop's is known. One that is far ahead of
            `seen_at`, stored ones too, is taken for None: no later report would count.
    """

    code: TrackingCode
    status: ParcelStatus
    seen_at: Timestamp
    updated_at: Timestamp | None = None

    @field_validator("updated_at")
    @classmethod
    def _believe(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        seen_at = info.data.get("seen_at")
        return value if value is None or seen_at is None or is_plausible(value, seen_at) else None

    def follows(self, known: "Tracking | None") -> bool:
        """Return whether this is later than what is known: by the carrier's clock, whatever came in first.

        An end counts whatever the clocks say, and stays: but a parcel that the carrier calls lost may be found, and one whose
        label was cancelled may have been sent all the same.
        """
        if known is None:
            return True
        if self.status in FOUND:
            return known.status not in (_ARRIVED if self.status in _ARRIVED else FOUND)
        knows_less = self.status is ParcelStatus.UNKNOWN and known.status is not ParcelStatus.UNKNOWN
        if known.is_final or knows_less:
            return False
        is_given_up = self.is_final and known.status is ParcelStatus.LOST
        return is_given_up or self._moment > known._moment

    @property
    def is_final(self) -> bool:
        """Return whether no more is to be asked. Of a parcel that the carrier calls lost more is, until the shop calls it lost."""
        return self.status in FOUND or (self.status is ParcelStatus.LOST and self.updated_at is None)

    @property
    def _moment(self) -> tuple[datetime, int]:
        # The carrier's clock counts seconds: of two statuses in one, the one farther on the way is the later.
        return self.updated_at or self.seen_at, _ON_THE_WAY.index(self.status)


class ParcelQuery(Wire):
    """Poll the carrier for a parcel. at: now."""

    code: TrackingCode
    at: Timestamp


class ParcelSeen(StepResult):
    """The carrier's answer about a parcel."""

    tracking: Tracking | None = None


class RecordTracking(Wire):
    """Store in the order repository where an order's parcel is."""

    order_id: OrderId
    tracking: Tracking


class TrackingState(Wire):
    """How far the tracking of a parcel is, handed from one run to the next. polls: how often the carrier was polled.

    seen: each status once, when it came; the newest last.
    """

    started_at: Timestamp
    code: TrackingCode | None = None
    polls: int = 0
    seen: tuple[Tracking, ...] = ()

    @property
    def latest(self) -> Tracking | None:
        """Return the latest status that was seen."""
        return self.seen[-1] if self.seen else None

    def after_poll(self, tracking: Tracking | None) -> "TrackingState":
        """Return the state after one more poll. tracking: its answer; None when the carrier did not answer."""
        is_new = tracking is not None and (self.latest is None or tracking.status is not self.latest.status)
        seen = (*self.seen, tracking) if is_new else self.seen
        return self.model_copy(update={"polls": self.polls + 1, "seen": seen[-_MAX_REMEMBERED:]})


def pause_after(polls: int) -> timedelta:
    """Return how long to wait for the next poll: longer and longer. polls: from 1."""
    return min(FIRST_PAUSE * (1 << min(polls - 1, 10)), MAX_PAUSE)
