"""Parcels on their way, and how far their labels are compared with the orders."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from domain.page import Page
from domain.shipping.labels import LabelPosition, WatchedLabel
from domain.shipping.parcels import Parcel, SilentParcel
from domain.shipping.tracking import Tracking


class Parcels(Protocol):
    """Which order a parcel belongs to."""

    def add(self, parcel: Parcel) -> None:
        """Record a parcel. One that had its tracking code before gives way. That it is watched stays."""

    def remove(self, code: str, order_id: str) -> None:
        """Forget the tracking code of an order, unless it is that of another order's parcel by now."""

    def find(self, code: str) -> Parcel | None:
        """Return the parcel of a tracking code; None when it is not one of this shop."""


class OpenParcels(Protocol):
    """Where the parcels of completed orders are, and which of them have gone silent."""

    def record(self, order_id: str, tracking: Tracking, now: datetime, found: SilentParcel | None = None) -> bool:
        """Store where an order's parcel is, unless a later status is known. Return whether its status is new."""

    def silent(self, before: datetime, limit: int, unreadable: Callable[[str], object] = ...) -> Sequence[SilentParcel]:
        """Return parcels without an end of which nothing was reported since then, the longest silent ones first.

        `unreadable` is called with each order whose row cannot be read.
        """

    def mark_polled(self, parcel: SilentParcel, now: datetime) -> None:
        """Have a parcel, of which there is nothing new, count as silent from now on, unless something was reported meanwhile."""

    def forget(self, order_id: str) -> None:
        """Follow an order's parcel no longer: whatever is reported of it from now on is dropped."""

    def is_forgotten(self, order_id: str) -> bool:
        """Return whether nothing of an order's parcel may be kept any more."""


class LabelComparison(Protocol):
    """How far the labels are compared with the orders, and which of them to look at again."""

    def position(self) -> LabelPosition:
        """Return how far the labels are compared."""

    def move(self, position: LabelPosition) -> None:
        """Store how far the labels are compared."""

    def watched(self, *, cursor: str | None, limit: int) -> Page[WatchedLabel | None]:
        """Return a page of the labels to look at again; None for a row that cannot be read."""

    def watch(self, watched: WatchedLabel) -> None:
        """Have a label looked at again."""

    def forget(self, shipment_id: str) -> None:
        """Leave a label out from now on: it is settled."""
