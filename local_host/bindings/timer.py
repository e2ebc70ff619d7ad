"""Timer functions: each waits for its next occurrence, runs, and only then looks for the one after.

With a monitor (the default for intervals of a minute or more) the last and next times are kept in a small file, and an
occurrence that fell into a time when the host was down runs at the start, marked past due.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from azure.functions.meta import Datum

from local_host.app.index import Function
from local_host.app.settings import resolve_references
from local_host.bindings.ncrontab import Schedule, parse_schedule
from local_host.bindings.running import TriggeredRun
from local_host.clock import Clock
from local_host.start_problems import ConfigurationError, FunctionLoadError

_log = logging.getLogger("local_host.timer")
_SHORTEST_MONITORED = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class TimerStatus:
    """last: when it last ran; next: when it was to run next; both UTC."""

    last: datetime
    next: datetime

    def as_json(self) -> dict[str, str]:
        return {"Last": self.last.isoformat(), "LastUpdated": self.last.isoformat(), "Next": self.next.isoformat()}


class TimerFile:
    """The monitored times of all timer functions, in a file beside the state; without a path they are forgotten."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._times: dict[str, dict[str, str]] = self._read()

    def get(self, function: str) -> TimerStatus | None:
        times = self._times.get(function)
        if times is None:
            return None
        return TimerStatus(last=datetime.fromisoformat(times["last"]), next=datetime.fromisoformat(times["next"]))

    def put(self, function: str, status: TimerStatus) -> None:
        self._times[function] = {"last": status.last.isoformat(), "next": status.next.isoformat()}
        if self._path is not None:
            # Written beside and moved, so that a kill in between leaves the old times.
            new = self._path.with_name(self._path.name + ".new")
            new.write_text(json.dumps(self._times, indent=1))
            new.replace(self._path)

    def _read(self) -> dict[str, dict[str, str]]:
        if self._path is None or not self._path.exists():
            return {}
        try:
            times: dict[str, dict[str, str]] = json.loads(self._path.read_text())
        except ValueError:
            _log.warning("%s is not readable; timers start afresh", self._path)
            return {}
        return times


class TimerListener:
    """Runs one timer function for ever."""

    def __init__(self, function: Function, run: TriggeredRun, clock: Clock, times: TimerFile) -> None:
        """Raises FunctionLoadError for a schedule that cannot be read, SettingMissing, ConfigurationError."""
        self._function = function
        self._run = run
        self._clock = clock
        self._times = times
        self._schedule = _schedule(function)
        self._zone = time_zone(os.environ)
        self._monitored = self._is_monitored()

    async def listen(self) -> None:
        status = self._times.get(self._function.name) if self._monitored else None
        await self._catch_up(status)
        while True:
            due = self._schedule.next_after(self._clock.now(), self._zone)
            await self._clock.sleep_until(due)
            await self._fire(past_due=False)

    async def _catch_up(self, status: TimerStatus | None) -> None:
        missed = status is not None and status.next <= self._clock.now()
        if missed or self._function.trigger.fields.get("runOnStartup"):
            await self._fire(past_due=missed)
        elif self._monitored and status is None:
            self._remember()

    async def _fire(self, *, past_due: bool) -> None:
        status = self._times.get(self._function.name) if self._monitored else None
        await self._run(self._function, timer_datum(status, past_due=past_due))
        if self._monitored:
            self._remember()

    def _remember(self) -> None:
        now = self._clock.now()
        following = self._schedule.next_after(now, self._zone)
        self._times.put(self._function.name, TimerStatus(last=now, next=following))

    def _is_monitored(self) -> bool:
        if not self._function.trigger.fields.get("useMonitor", True):
            return False
        first = self._schedule.next_after(self._clock.now(), self._zone)
        return self._schedule.next_after(first, self._zone) - first >= _SHORTEST_MONITORED


def timer_datum(status: TimerStatus | None, *, past_due: bool) -> Datum:
    """The raw value of a `timerTrigger`."""
    value = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": status.as_json() if status else None,
        "IsPastDue": past_due,
    }
    return Datum(json.dumps(value), "json")


def time_zone(environ: Mapping[str, str]) -> tzinfo | None:
    """WEBSITE_TIME_ZONE, else None for the zone of this machine. Raises ConfigurationError."""
    name = environ.get("WEBSITE_TIME_ZONE")
    if not name:
        return None
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigurationError(
            f"WEBSITE_TIME_ZONE is '{name}', which is no time zone such as Europe/Berlin."
        ) from None


def _schedule(function: Function) -> Schedule:
    text = resolve_references(function.trigger.fields["schedule"], os.environ, f"the schedule of '{function.name}'")
    try:
        return parse_schedule(text)
    except ValueError as error:
        raise FunctionLoadError(function.name, str(error)) from None
