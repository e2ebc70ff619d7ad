"""Notes of which products' stocks are to be looked at, and in which hour."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from domain.wire import Timestamp, Wire


class NoteKind(StrEnum):
    """Why a stock is looked at."""

    EXPIRES = "expires"  # a reservation may be past its time
    CHANGED = "changed"  # the stock was changed, or differed from the orders
    SPLIT = "split"  # there are several shards, between which units move


class PassPosition(Wire):
    """How far the pass over all products is. cursor: of the next page; None when it is over."""

    begun_at: Timestamp
    cursor: str | None

    @property
    def is_over(self) -> bool:
        """Whether every product was looked at."""
        return self.cursor is None


class StockNote(NamedTuple):
    """A product to be looked at from an hour on."""

    kind: NoteKind
    hour: str
    product_id: str


def note_of(kind: NoteKind, product_id: str, at: datetime) -> StockNote:
    """Return the note of a product for the hour of a time."""
    return StockNote(kind, hour_of(at), product_id)


def hour_of(at: datetime) -> str:
    """Return an hour in UTC, in texts that sort as times do."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H")
