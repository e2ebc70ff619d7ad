"""Timer functions over restarts: what fell into the time when no host ran."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local_host.bindings.types.timer import time_zone
from local_host.engine.clock import ManualClock
from local_host.engine.start_problems import ConfigurationError, InvalidFunction
from local_host.testing import AppHost, running_app

APP = """
import azure.functions as func

app = func.FunctionApp()
RUNS = []

@app.timer_trigger(arg_name="timer", schedule="SCHEDULE")
def tick(timer: func.TimerRequest) -> None:
    RUNS.append((timer.past_due, timer.schedule_status))
"""
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_TIME_ZONE", "UTC")


def write_app(folder: Path, schedule: str) -> None:
    (folder / "function_app.py").write_text(APP.replace("SCHEDULE", schedule))
    (folder / "host.json").write_text('{"version": "2.0"}')


@asynccontextmanager
async def host_at(folder: Path, start: datetime) -> AsyncIterator[AppHost]:
    """Yield the app on its state file, from a point in time on."""
    state = str(folder / "hub.db")
    async with running_app(folder, state=state, clock=ManualClock(start), with_triggers=True) as app_host:
        await app_host.run_until_idle()
        yield app_host


def runs() -> list[Any]:
    found: list[Any] = sys.modules["function_app"].RUNS
    return found


async def test_an_occurrence_missed_while_no_host_ran_runs_at_the_start_and_is_past_due(tmp_path: Path) -> None:
    write_app(tmp_path, "0 0 3 * * *")
    async with host_at(tmp_path, NEW_YEAR) as app_host:
        await app_host.advance(hours=4)
        assert [past_due for past_due, _ in runs()] == [False]
    async with host_at(tmp_path, NEW_YEAR + timedelta(days=3, hours=12)):
        assert [past_due for past_due, _ in runs()] == [False, True]
        assert runs()[1][1]["Last"].startswith("2026-01-01T03:00:00")
        assert runs()[1][1]["Next"].startswith("2026-01-02T03:00:00")


async def test_nothing_is_caught_up_when_nothing_was_missed(tmp_path: Path) -> None:
    write_app(tmp_path, "0 0 3 * * *")
    for hours in (0, 1, 2):
        async with host_at(tmp_path, NEW_YEAR + timedelta(hours=hours)):
            assert runs() == []


async def test_a_schedule_of_seconds_has_no_monitor(tmp_path: Path) -> None:
    write_app(tmp_path, "*/10 * * * * *")
    async with host_at(tmp_path, NEW_YEAR):
        assert runs() == []
    async with host_at(tmp_path, NEW_YEAR + timedelta(hours=1)):
        assert runs() == []


async def test_a_schedule_that_was_changed_has_missed_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_app(tmp_path, "%WHEN%")
    monkeypatch.setenv("WHEN", "0 0 3 * * *")
    async with host_at(tmp_path, NEW_YEAR) as app_host:
        await app_host.advance(hours=4)
    monkeypatch.setenv("WHEN", "0 0 5 * * *")
    async with host_at(tmp_path, NEW_YEAR + timedelta(days=3, hours=12)) as app_host:
        assert len(runs()) == 1
        await app_host.advance(hours=17)
        assert [past_due for past_due, _ in runs()] == [False, False]


async def test_a_function_that_never_ran_says_so(tmp_path: Path) -> None:
    write_app(tmp_path, "0 0 3 * * *")
    async with host_at(tmp_path, NEW_YEAR) as app_host:
        await app_host.advance(hours=4)
        assert runs()[0][1]["Last"].startswith("0001-01-01T00:00:00")
        assert runs()[0][1]["Next"].startswith("2026-01-01T03:00:00")


async def test_a_schedule_without_an_occurrence_is_said_to_have_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_app(tmp_path, "0 0 0 31 2 *")
    async with host_at(tmp_path, NEW_YEAR) as app_host:
        await app_host.advance(hours=24 * 400)
        assert runs() == []
    assert "tick never runs" in caplog.text


async def test_a_schedule_that_cannot_be_is_refused_with_the_functions_name(tmp_path: Path) -> None:
    write_app(tmp_path, "every day")
    with pytest.raises(InvalidFunction, match="Cannot load the function 'tick': the schedule 'every day' must have"):
        async with host_at(tmp_path, NEW_YEAR):
            pass


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    assert time_zone({}) is None
    with pytest.raises(ConfigurationError, match="which is no time zone"):
        time_zone({"WEBSITE_TIME_ZONE": "Nowhere/Town"})
