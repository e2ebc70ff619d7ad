"""How far the reconciliation of payments has come, what it looks at again, and what a run has read."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Self

from domain.payments.listing import ProviderPayment
from domain.payments.providers import ProviderName
from domain.payments.reconciliation import PaymentDrift
from domain.wire import Timestamp, Wire

_PARTS_COUNT: Final = 8
_SHORTEST_INTERVAL: Final = timedelta(minutes=1)
# They are stored in one property of a row, which takes some 300.
_MAX_SPANS: Final = 64


class Span(Wire):
    """A span of time whose payments are being read. cursor: of the next page; None before the first."""

    since: Timestamp
    until: Timestamp
    cursor: str | None = None

    def continued(self, cursor: str | None, *, may_split: bool = True) -> tuple[Self, ...]:
        """Return what is left to read where so much was read without an end: shorter spans, to be read at the same time.

        A short one, and one that may not be split, is gone on with at the cursor.
        """
        part = (self.until - self.since) / _PARTS_COUNT
        if part < _SHORTEST_INTERVAL or not may_split:
            return (self.model_copy(update={"cursor": cursor}),)
        times = [*(self.since + number * part for number in range(_PARTS_COUNT)), self.until]
        return tuple(type(self)(since=since, until=until) for since, until in pairwise(times))


class ReadPosition(Wire):
    """How far the payments of one provider are read.

    Attributes:
        read_until: Everything that was made or paid back before is read; None before the first run.
        spans: What is to be read behind it, the oldest first.
        watched_cursor: Where the next run goes on to look at open payments, when they are too many for one.
        ended_until: The orders that ended before are compared; None before the first run.
        ended_has_more: Whether more of them ended before `read_until`.
    """

    provider: ProviderName
    read_until: Timestamp | None = None
    spans: tuple[Span, ...] = ()
    watched_cursor: str | None = None
    ended_until: Timestamp | None = None
    ended_has_more: bool = False

    def reading_to(self, now: datetime, first_period: timedelta, margin: timedelta) -> Self:
        """Return the position with what is to be read up to now. margin: how much of what was read is read once more.

        One that is ahead of the clock is forgotten: a clock was wrong, and what was made since may not have been read.
        """
        if max(self._times, default=now) > now + margin:
            anew = type(self)(provider=self.provider, watched_cursor=self.watched_cursor)
            return anew.reading_to(now, first_period, margin)
        if self.spans and self.spans[-1].cursor is None:
            extended = self.spans[-1].model_copy(update={"until": now})
            return self.model_copy(update={"spans": (*self.spans[:-1], extended)})
        end = self.spans[-1].until if self.spans else self.read_until
        since = now - first_period if end is None else end - margin
        return self.model_copy(update={"spans": (*self.spans, Span(since=since, until=now))})

    @property
    def _times(self) -> tuple[datetime, ...]:
        times = (self.read_until, self.ended_until, *(span.until for span in self.spans))
        return tuple(each for each in times if each is not None)

    @property
    def may_split(self) -> bool:
        """Whether spans may be split into shorter ones."""
        return len(self.spans) < _MAX_SPANS

    def after_reading(self, count: int, left: tuple[Span, ...]) -> Self:
        """Return the position when of the first so many spans these are left."""
        spans = (*left, *self.spans[count:])
        until = spans[0].since if spans else self.spans[-1].until
        # What is read once more was read before.
        until = until if self.read_until is None else max(until, self.read_until)
        return self.model_copy(update={"spans": spans, "read_until": until})

    @property
    def has_ended_orders(self) -> bool:
        """Whether orders that ended before `read_until` are to be compared."""
        if self.read_until is None:
            return False
        return self.ended_has_more or self.ended_until is None or self.ended_until < self.read_until

    @property
    def has_more(self) -> bool:
        """Whether something is left of the last run."""
        return bool(self.spans) or self.watched_cursor is not None or self.has_ended_orders


class WatchedPayment(Wire):
    """A payment to look at again in the next run: it is open, or differs from its order.

    Attributes:
        drift: The difference, once it has lasted.
    """

    payment: ProviderPayment
    drift: PaymentDrift | None = None


class ProviderRun(Wire):
    """What one run read of a provider.

    Attributes:
        payments: How many payments were compared.
        read_until: See `ReadPosition`.
        has_more: Whether the next run goes on where this one ended.
        problem: Why the provider could not be read; None when it was.
    """

    provider: ProviderName
    payments: int = 0
    read_until: Timestamp | None = None
    has_more: bool = False
    problem: str | None = None


class PaymentRun(Wire):
    """The last run of the reconciliation.

    Attributes:
        as_of: When it began.
        begun_at: When the run began that this one goes on with, if it does.
        drift: How many differences were found since then.
    """

    as_of: Timestamp
    begun_at: Timestamp | None = None
    providers: tuple[ProviderRun, ...]
    drift: int

    @property
    def reading_since(self) -> datetime:
        """When a run last began to read what is new."""
        return self.begun_at or self.as_of
