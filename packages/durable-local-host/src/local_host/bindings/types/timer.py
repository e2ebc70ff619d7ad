"""Timer functions: each waits for its next occurrence and runs; the one after follows from the time at which it began to run.

So what takes longer than its interval runs again at once. With a monitor (the default, but for what runs more than once in every
minute) the last and next times are kept in a small file, and an occurrence that fell into a time when the host was down runs at
the start, marked past due; a schedule that was changed meanwhile has missed nothing. As TimerListener.cs and ScheduleMonitor.cs of
the timers extension have it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from azure.functions.meta import Datum

from local_host.app.binding_types import BindingServices, Run, TriggerType, register
from local_host.app.function import Function
from local_host.app.settings import resolve_references
from local_host.bindings.ncrontab import NEVER, Crontab, Interval, Schedule, parse_schedule
from local_host.engine.clock import Clock
from local_host.engine.log_categories import host_logger
from local_host.engine.start_problems import ConfigurationError, InvalidFunction

_log = host_logger("Host.Triggers.Timer")
_MIN_MONITORED_INTERVAL = timedelta(minutes=1)
_NEVER_RAN = "0001-01-01T00:00:00+00:00"  # what .NET writes for no time at all


@dataclass(frozen=True, kw_only=True)
class TimerStatus:
    """last: when it last ran, None for never; next: when it is to run next; updated: from when that was found. All UTC."""

    last: datetime | None
    next: datetime
    updated: datetime

    def as_json(self) -> dict[str, str]:
        """Return the status as the SDK's timer request reads it."""
        last = _NEVER_RAN if self.last is None else self.last.isoformat()
        return {"Last": last, "LastUpdated": self.updated.isoformat(), "Next": self.next.isoformat()}


class TimerFile:
    """The monitored times of all timer functions, in a file beside the state; without a path they are forgotten."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._times: dict[str, dict[str, str]] = self._read()

    def get(self, function: str) -> TimerStatus | None:
        """Return the times of a function; None when there are none."""
        times = self._times.get(function)
        if times is None:
            return None
        last, updated = times.get("last"), times.get("updated") or times["last"]
        return TimerStatus(
            last=None if last is None else datetime.fromisoformat(last),
            next=datetime.fromisoformat(times["next"]),
            updated=datetime.fromisoformat(updated),
        )

    def put(self, function: str, status: TimerStatus) -> None:
        """Keep the times of a function."""
        last = {} if status.last is None else {"last": status.last.isoformat()}
        self._times[function] = {**last, "next": status.next.isoformat(), "updated": status.updated.isoformat()}
        if self._path is not None:
            # Written beside and moved, so that a kill in between leaves the old times.
            new = self._path.with_name(self._path.name + ".new")
            new.touch(mode=0o600)
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


class TimerTriggers:
    """Runs timer functions, all of which keep their times in one file."""

    def __init__(self, services: BindingServices) -> None:
        self._services = services
        self._times = TimerFile(services.times_path)

    def listener(self, function: Function) -> TimerListener:
        """Return what waits for the function's time. Raises InvalidFunction, SettingMissing, ConfigurationError."""
        return TimerListener(function, self._services.run, self._services.clock, self._times)

    async def run_by_hand(self, function: Function, _: str) -> None:
        """Run a function now."""
        await self._services.run(function, timer_datum(self._times.get(function.name), past_due=False))


class TimerListener:
    """Runs one timer function for ever."""

    def __init__(self, function: Function, run: Run, clock: Clock, times: TimerFile) -> None:
        """Read the schedule. Raises InvalidFunction for one that cannot be read, SettingMissing, ConfigurationError."""
        self._function = function
        self._run = run
        self._clock = clock
        self._times = times
        self._schedule = _schedule(function)
        self._zone = time_zone(os.environ)
        self._monitored = bool(function.trigger.fields.get("useMonitor", True)) and not _is_frequent(self._schedule)
        self._status = self._at_start()

    async def listen(self) -> None:
        """Wait for each occurrence and run the function."""
        now = self._clock.now()
        missed = self._monitored and now > self._status.next
        if missed or self._function.trigger.fields.get("runOnStartup"):
            await self._fire(past_due=missed)
        while self._status.next < NEVER:
            on_time = self._status.next
            await self._clock.sleep_until(on_time)
            await self._fire(past_due=False, no_sooner_than=on_time)
        _log.warning("%s never runs: its schedule has no occurrence", self._function.name)

    def _at_start(self) -> TimerStatus:
        """Return the times that were kept; new ones for a new function, or a schedule that is another one now."""
        now = self._clock.now()
        kept = self._times.get(self._function.name) if self._monitored else None
        if kept is not None:
            expected = self._next_after(kept.updated)
            if expected == kept.next:
                return kept
            if expected >= now:
                return self._keep(TimerStatus(last=None, next=expected, updated=kept.updated))
        return self._keep(TimerStatus(last=None, next=self._next_after(now), updated=now))

    async def _fire(self, *, past_due: bool, no_sooner_than: datetime | None = None) -> None:
        began = self._clock.now()
        await self._run(self._function, timer_datum(self._status if self._monitored else None, past_due=past_due))
        # A clock that woke it a little early must not make it run for the same occurrence again.
        last = began if no_sooner_than is None else max(began, no_sooner_than)
        self._status = self._keep(TimerStatus(last=last, next=self._next_after(last), updated=last))

    def _next_after(self, moment: datetime) -> datetime:
        return self._schedule.next_after(moment, self._zone)

    def _keep(self, status: TimerStatus) -> TimerStatus:
        if self._monitored:
            self._times.put(self._function.name, status)
        return status


def _is_frequent(schedule: Schedule) -> bool:
    """Return whether the times of a schedule are not worth keeping."""
    if isinstance(schedule, Interval):
        return schedule.every < _MIN_MONITORED_INTERVAL
    return isinstance(schedule, Crontab) and schedule.is_frequent


def timer_datum(status: TimerStatus | None, *, past_due: bool) -> Datum:
    """Return the raw value of a `timerTrigger`."""
    value = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": status.as_json() if status else None,
        "IsPastDue": past_due,
    }
    return Datum(json.dumps(value), "json")


def time_zone(environ: Mapping[str, str]) -> tzinfo | None:
    """Return the zone of WEBSITE_TIME_ZONE, else None for the zone of this machine. Raises ConfigurationError."""
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
        raise InvalidFunction(function.name, str(error)) from None


def _reason(_: Function, __: Mapping[str, Datum]) -> str:
    return f"Timer fired at {datetime.now().astimezone().isoformat()}"


register(TriggerType(name="timerTrigger", source=TimerTriggers, reason=_reason))
