"""What the carrier has of the shop's labels, as their comparison with the orders reads it, and how far that has come."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from domain.ids import Namespace
from domain.wire import Timestamp, Wire


class CarrierLabel(Wire):
    """A label that was bought for a shipment with the shop's mark.

    Attributes:
        order_id: Of the shipment's reference. A reference that was made by hand may hold anything.
        is_paid: Whether it was bought and not given back.
        is_used: Whether the carrier has seen the parcel.
    """

    shipment_id: str
    order_id: str
    is_paid: bool
    is_used: bool


class ListLabels(Wire):
    """Ask for the labels of the shipments that were announced in a span of time.

    Attributes:
        namespace: The shop's, which its shipments are marked with.
        since: The first moment of the span.
        until: The end of the span, which is not in it.
        cursor: Of the page; None for the first.
    """

    namespace: Namespace
    since: Timestamp
    until: Timestamp
    cursor: str | None = None


class FindLabel(Wire):
    """Ask for the label of one shipment as it is now."""

    namespace: Namespace
    shipment_id: str


class LabelUse(StrEnum):
    """What an order has to do with a label that is marked with it."""

    IN_USE = "in_use"
    OPEN = "open"  # the order is under way, or an operator has to settle it
    UNUSED = "unused"
    UNKNOWN_ORDER = "unknown_order"


class LabelDriftKind(StrEnum):
    """Why the comparison leaves a label that no order uses to an operator."""

    UNKNOWN_ORDER = "unknown_order"
    SENT_WITHOUT_ORDER = "sent_without_order"  # the carrier has the parcel, and the order has ended without goods


class LabelDrift(Wire):
    """A label that is paid, that no order uses, and that is not given back automatically."""

    kind: LabelDriftKind
    shipment_id: str
    order_id: str


class WatchedLabel(Wire):
    """A label to look at again in the next run.

    Attributes:
        failing_since: Since when it could not be given back; None while there was no reason to.
    """

    label: CarrierLabel
    failing_since: Timestamp | None = None


class LabelPosition(Wire):
    """How far the labels are compared. The carrier lists the newest first, so a span is read from its end to its beginning.

    Attributes:
        read_until: The labels of all shipments that were announced before are compared; None before the first run.
        since: The beginning of the span that is being read; None between two.
        until: The end of that span.
        cursor: Of its next page.
        is_looking_again: Whether the watched labels are still to be looked at.
        watched_cursor: Where that goes on.
    """

    read_until: Timestamp | None = None
    since: Timestamp | None = None
    until: Timestamp | None = None
    cursor: str | None = None
    is_looking_again: bool = False
    watched_cursor: str | None = None

    @property
    def has_more(self) -> bool:
        """Whether something is left of the last run."""
        return self.until is not None or self.is_looking_again

    def reading_to(self, until: datetime, first_period: timedelta, margin: timedelta, interval: timedelta) -> Self:
        """Return the position with what is to be read up to a time, unless that is too soon or something is left.

        One that is ahead of the clock is forgotten: a clock was wrong, and labels may have been bought since.

        Args:
            until: The end.
            first_period: How far the first run looks back.
            margin: How much of what was read is read once more.
            interval: How much there is to be read at least.
        """
        read = None if self._is_ahead(until + margin) else self.read_until
        if read is self.read_until and (self.has_more or (read is not None and until - read < interval)):
            return self
        return type(self)(read_until=read, since=until - first_period if read is None else read - margin, until=until)

    def _is_ahead(self, time: datetime) -> bool:
        return any(each is not None and each > time for each in (self.read_until, self.until))

    def after_page(self, cursor: str | None) -> Self:
        """Return the position when a page of the span is compared, and the next one has this cursor; None when it was the last."""
        if cursor is not None:
            return self.model_copy(update={"cursor": cursor})
        return type(self)(read_until=self.until, is_looking_again=True)

    def after_watched(self, cursor: str | None) -> Self:
        """Return the position when a page of watched labels is looked at, and the next one has this cursor."""
        return self.model_copy(update={"is_looking_again": cursor is not None, "watched_cursor": cursor})
