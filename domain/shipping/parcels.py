"""The parcels that are on their way: which order each belongs to, what their carrier reports, and which have gone silent."""

from datetime import datetime, timedelta
from typing import Final

from domain.ids import OrderId
from domain.shipping.tracking import FOUND, LOST_AFTER, ParcelStatus, Tracking, TrackingCode
from domain.wire import Timestamp, Wire

SILENCE_INTERVAL: Final = timedelta(hours=6)
"""Reports without a new status are recorded this far apart: they show that a parcel is not silent, and little else."""

SUSPECT_AFTER: Final = timedelta(days=7)
"""A parcel of which the carrier has reported nothing new for so long may be lost: an operator asks the carrier."""

MAX_POLLED: Final = 100
"""Parcels that one request to the carrier is about."""


class ParcelReport(Wire):
    """What the carrier says of a parcel.

    Attributes:
        updated_at: By the carrier's clock.
        tracker_id: The carrier service's id of what tracks the parcel.
        shipment_id: Its id of the shipment whose label was bought with it; None for a parcel that is only tracked there.
    """

    code: TrackingCode
    status: ParcelStatus
    updated_at: Timestamp | None = None
    tracker_id: str | None = None
    shipment_id: str | None = None

    def seen(self, now: datetime) -> Tracking:
        """Return what is now known of the parcel."""
        return Tracking(code=self.code, status=self.status, seen_at=now, updated_at=self.updated_at)


class Parcel(Wire):
    """A parcel of this shop.

    Attributes:
        shipment_id: The shipment that was created under the order's own reference; None where it is not known.
        tracker_id: What tracks it at the carrier service; None where it is not known.
        is_watched: Whether an orchestration polls it too, and is woken by a new status.
    """

    code: TrackingCode
    order_id: OrderId
    shipment_id: str | None = None
    tracker_id: str | None = None
    is_watched: bool = False

    def is_subject_of(self, report: ParcelReport) -> bool:
        """Return whether a report is about this parcel, and not about another one with the same tracking code."""
        if self.code != report.code:
            return False
        known = ((self.tracker_id, report.tracker_id), (self.shipment_id, report.shipment_id))
        return all(ours == theirs for ours, theirs in known if ours is not None)


class SilentParcel(Wire):
    """A parcel without an end of which nothing was reported for long.

    Attributes:
        known: The last that is known; None before the first report.
        ordered_at: When its order was placed.
        silent_since: When it was last reported or polled.
    """

    order_id: OrderId
    code: TrackingCode
    known: Tracking | None
    ordered_at: Timestamp
    silent_since: Timestamp

    def first_moves_by(self, found: Tracking) -> bool:
        """Return whether nothing but `unknown` was known before: no webhook has shown yet that it finds the order."""
        return found.status is not ParcelStatus.UNKNOWN and (
            self.known is None or self.known.status is ParcelStatus.UNKNOWN
        )

    def silent_days(self, now: datetime) -> int:
        """Return for how many whole days nothing new was reported, by the carrier's clock where it is known."""
        reported_at = self.ordered_at if self.known is None else self.known.updated_at or self.known.seen_at
        return (now - reported_at).days

    def after_poll(self, report: ParcelReport | None, now: datetime) -> Tracking | None:
        """Return what a poll has brought; None when it is nothing new.

        Args:
            report: The carrier's answer; None when it had none for this parcel.
            now: The present time.
        """
        is_overdue = now >= self.ordered_at + LOST_AFTER
        if is_overdue and (report is None or report.status not in FOUND):
            return Tracking(code=self.code, status=ParcelStatus.LOST, seen_at=now)
        if report is None or not (seen := report.seen(now)).follows(self.known):
            return None
        return seen
