"""PURE: when a timer function runs next. Schedules are NCRONTAB expressions of six fields, or constant intervals.

    {second} {minute} {hour} {day} {month} {day-of-week}      0 is Sunday; five fields leave the second out (it is 0)

NCRONTAB differs from cron where both a day and a day of the week are given: both must fit, where cron takes either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol

from local_host.app.time_span import parse_time_span

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_RANGE = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?\Z")
# The calendar repeats after 28 years, except around centuries without a leap day.
_HORIZON_DAYS = 366 * 40


class Schedule(Protocol):
    """When something happens again."""

    def next_after(self, moment: datetime, zone: tzinfo | None) -> datetime:
        """The first occurrence after a moment, in UTC. zone None is the time zone of this machine."""


@dataclass(frozen=True)
class Interval:
    """Again and again after the same time."""

    every: timedelta

    def next_after(self, moment: datetime, zone: tzinfo | None) -> datetime:
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
        local = moment.astimezone(zone).replace(tzinfo=None)
        while True:
            local = self.next_local(local)
            occurrence = local.replace(tzinfo=zone).astimezone(UTC)
            # When clocks are set back, a local time of the repeated hour may name a moment that has passed.
            if occurrence > moment:
                return occurrence

    def next_local(self, local: datetime) -> datetime:
        """The first occurrence after a local time. Raises ValueError when there is none, such as on February 30."""
        earliest = local.replace(microsecond=0) + timedelta(seconds=1)
        for offset in range(_HORIZON_DAYS):
            day = earliest.date() + timedelta(days=offset)
            if self._has_day(day) and (found := self._first_time(earliest.time() if offset == 0 else time.min)):
                return datetime.combine(day, found)
        raise ValueError("the schedule never occurs")

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


def parse_schedule(text: str) -> Schedule:
    """Raises ValueError that says what is wrong."""
    fields = text.split()
    if len(fields) == 1 and ":" in text:
        return _interval(text)
    if len(fields) not in (5, 6):
        raise ValueError(f"the schedule '{text}' must have six fields, or be a time span such as 00:05:00")
    second, minute, hour, day, month, weekday = ["0", *fields] if len(fields) == 5 else fields
    crontab = Crontab(
        _values(second, 0, 59),
        _values(minute, 0, 59),
        _values(hour, 0, 23),
        _values(day, 1, 31),
        _values(month, 1, 12, _MONTHS),
        _values(weekday, 0, 6, _DAYS),
    )
    crontab.next_local(datetime(2000, 1, 1))  # noqa: DTZ001 - any date will do to find that there is no occurrence
    return crontab


def _interval(text: str) -> Interval:
    every = parse_time_span(text)
    if every <= timedelta(0):
        raise ValueError(f"the schedule '{text}' must be longer than nothing")
    return Interval(every)


def _values(field: str, low: int, high: int, names: Mapping[str, int] | None = None) -> tuple[int, ...]:
    return tuple(sorted({value for part in field.split(",") for value in _part(part, low, high, names or {})}))


def _part(text: str, low: int, high: int, names: Mapping[str, int]) -> range:
    match = _RANGE.match(text)
    if match is None or match["step"] == "0":
        raise ValueError(f"'{text}' is not a value, a range a-b, a step */n, or a list of those")
    first = low if match["all"] else _number(match["first"], names)
    # A lone value is itself; with a step it begins a range to the end, as in 5/15.
    default_last = high if match["all"] or match["step"] else first
    last = _number(match["last"], names) if match["last"] else default_last
    if not low <= first <= last <= high:
        raise ValueError(f"'{text}' is outside {low} to {high}")
    return range(first, last + 1, int(match["step"] or 1))


def _number(text: str, names: Mapping[str, int]) -> int:
    value = names.get(text[:3].casefold()) if not text.isdigit() else int(text)
    if value is None:
        raise ValueError(f"'{text}' is neither a number nor a name of this field")
    return value
