"""PURE: when a timer function runs next. Schedules are NCRONTAB expressions of six fields, or constant intervals.

    {second} {minute} {hour} {day} {month} {day-of-week}      0 is Sunday; five fields leave the second out (it is 0)

As the library NCrontab 3 reads them (CrontabFieldImpl.cs, CrontabField.cs): both a day and a day of the week must fit, where cron
takes either; a range may stand in any order (`22-2` is 2 to 22), a step below 1 is 1, and a name is any beginning of one (`T` is
Tuesday). And as the timers extension moves them over changes of the clock (CronSchedule.cs): a schedule that repeats within the day
goes on through the hour that comes twice, one of single points of time runs once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final, Protocol

from local_host.app.time_span import parse_time_span

NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""When a schedule such as February 30 occurs. It is none that a host refuses."""

_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                  "November", "December")  # fmt: skip
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_NUMBER: Final = re.compile(r"[0-9]+\Z")
_STEP: Final = re.compile(r"\s*[+-]?[0-9]+\s*\Z")
# The calendar repeats after 28 years, except around centuries without a leap day.
_HORIZON_DAYS: Final = 366 * 40


class Schedule(Protocol):
    """When something happens again."""

    def next_after(self, moment: datetime, zone: tzinfo | None) -> datetime:
        """Return the first occurrence after a moment, in UTC."""


@dataclass(frozen=True)
class Interval:
    """Again and again after the same time."""

    every: timedelta

    def next_after(self, moment: datetime, zone: tzinfo | None) -> datetime:
        """Return the first occurrence after a moment, in UTC."""
        return moment + self.every


@dataclass(frozen=True)
class Crontab:
    """The allowed values of each field, ascending."""

    seconds: Sequence[int]
    minutes: Sequence[int]
    hours: Sequence[int]
    days: Sequence[int]
    months: Sequence[int]
    weekdays: Sequence[int]

    def next_after(self, moment: datetime, zone: tzinfo | None) -> datetime:
        """Return the first occurrence after a moment, in UTC."""
        now = moment.astimezone(zone)
        local = self.next_local(now.replace(tzinfo=None))
        if local is None:
            return NEVER
        found = _on_the_clock(local, zone)
        twice = _comes_twice(local, zone)
        if not twice and not (self.repeats_daily and _comes_twice(now.replace(tzinfo=None), zone)):
            return found
        change = _offset(found, zone) - _offset(now, zone)
        if change:  # the clock is set back in between: of two moments the first is meant
            return found + change
        return found if self.repeats_daily or not twice else self._after_the_second_hour(local, zone)

    def _after_the_second_hour(self, local: datetime, zone: tzinfo | None) -> datetime:
        """Return a point of time that has had its turn in the first of the two hours."""
        following: datetime | None = local
        while following is not None and _comes_twice(following, zone):
            following = self.next_local(following)
        return NEVER if following is None else _on_the_clock(following, zone)

    @property
    def repeats_daily(self) -> bool:
        """Whether its seconds, minutes or hours hold a range, written as one or not."""
        return any(
            len(field) == size or any(after == before + 1 for before, after in pairwise(field))
            for field, size in ((self.seconds, 60), (self.minutes, 60), (self.hours, 24))
        )

    @property
    def is_frequent(self) -> bool:
        """Whether it runs more than once in every minute: its times are then not kept."""
        every = ((self.minutes, 60), (self.hours, 24), (self.days, 31), (self.months, 12), (self.weekdays, 7))
        return len(self.seconds) > 1 and all(len(field) == size for field, size in every)

    def next_local(self, local: datetime) -> datetime | None:
        """Return the first occurrence after a local time; None when there is none, such as on February 30."""
        earliest = local.replace(microsecond=0, fold=0) + timedelta(seconds=1)
        for offset in range(_HORIZON_DAYS):
            day = earliest.date() + timedelta(days=offset)
            if self._has_day(day) and (found := self._first_time(earliest.time() if offset == 0 else time.min)):
                return datetime.combine(day, found)
        return None

    def _has_day(self, day: date) -> bool:
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays

    def _first_time(self, earliest: time) -> time | None:
        times = (
            time(hour, minute, second)
            for hour in self.hours
            if hour >= earliest.hour
            for minute in self.minutes
            if hour > earliest.hour or minute >= earliest.minute
            for second in self.seconds
        )
        return next((each for each in times if each >= earliest), None)


def _on_the_clock(local: datetime, zone: tzinfo | None) -> datetime:
    """Return the moment of a local time, in UTC: the second of two.

    One that the clock skips is as far behind the gap as it is in it.
    """
    return local.replace(tzinfo=zone, fold=int(_comes_twice(local, zone))).astimezone(UTC)


def _comes_twice(local: datetime, zone: tzinfo | None) -> bool:
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first < second


def _offset(moment: datetime, zone: tzinfo | None) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def parse_schedule(text: str) -> Schedule:
    """Read a schedule. Raises ValueError that says what is wrong."""
    fields = [field for field in text.split(" ") if field]
    if len(fields) == 1 and re.fullmatch(r"[0-9:.-]+", fields[0]):
        return _interval(text)
    if len(fields) not in (5, 6):
        raise ValueError(f"the schedule '{text}' must have six fields, or be a time span such as 00:05:00")
    second, minute, hour, day, month, weekday = ["0", *fields] if len(fields) == 5 else fields
    return Crontab(
        _values(second, 0, 59),
        _values(minute, 0, 59),
        _values(hour, 0, 23),
        _values(day, 1, 31),
        _values(month, 1, 12, _MONTHS),
        _values(weekday, 0, 6, _DAYS),
    )


def _interval(text: str) -> Interval:
    every = parse_time_span(text)
    if every <= timedelta(0):
        # The extension takes it, and runs the function without a pause.
        raise ValueError(f"the schedule '{text}' must be longer than nothing")
    return Interval(every)


def _values(field: str, low: int, high: int, names: Sequence[str] = ()) -> tuple[int, ...]:
    return tuple(sorted({value for part in field.split(",") for value in _part(part, low, high, names)}))


def _part(text: str, low: int, high: int, names: Sequence[str]) -> range:
    what, slash, step = text.partition("/")
    if slash and not _STEP.match(step):
        raise ValueError(f"'{text}' is not a value, a range a-b, a step */n, or a list of those")
    every = max(int(step), 1) if slash else 1
    if what == "*":
        return range(low, high + 1, every)
    head, dash, tail = what.partition("-")
    first = _number(head, low, names)
    # A lone value is itself; with a step it begins a range to the end, as in 5/15.
    last = _number(tail, low, names) if dash else high if slash else first
    first, last = min(first, last), max(first, last)
    if first < low or last > high:
        raise ValueError(f"'{text}' is outside {low} to {high}")
    return range(first, last + 1, every)


def _number(text: str, low: int, names: Sequence[str]) -> int:
    if _NUMBER.match(text):
        return int(text)
    for value, name in enumerate(names, start=low):
        if text and name.casefold().startswith(text.casefold()):
            return value
    raise ValueError(f"'{text}' is neither a number nor a name of this field")
