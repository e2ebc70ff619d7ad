"""The clock that tests move."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from local_host.engine.clock import ManualClock, SystemClock

START = datetime(2026, 1, 1, tzinfo=UTC)


async def test_sleepers_wake_in_order_of_time_each_at_its_own_moment() -> None:
    clock, woken = ManualClock(START), []

    async def sleep(hours: int) -> None:
        await clock.sleep_until(START + timedelta(hours=hours))
        woken.append((hours, clock.now() - START))

    tasks = [asyncio.create_task(sleep(hours)) for hours in (3, 1, 2, 9)]
    clock.settle_with(lambda: asyncio.sleep(0))
    await clock.advance(hours=4)

    assert woken == [(hours, timedelta(hours=hours)) for hours in (1, 2, 3)]
    assert clock.now() == START + timedelta(hours=4)
    tasks[-1].cancel()


async def test_what_is_due_by_a_microsecond_after_the_target_counts_as_due() -> None:
    clock = ManualClock(START)
    task = asyncio.create_task(clock.sleep_until(START + timedelta(hours=1, microseconds=3)))
    await clock.advance(hours=1)
    await task

    assert clock.now() == START + timedelta(hours=1, microseconds=3)


async def test_a_sleep_into_the_past_returns_at_once() -> None:
    await ManualClock(START).sleep_until(START)
    await SystemClock().sleep_until(START - timedelta(days=1))


async def test_each_moment_settles_before_the_next_begins() -> None:
    clock, steps = ManualClock(START), []

    async def settle() -> None:
        steps.append(clock.now() - START)

    clock.settle_with(settle)
    task = asyncio.create_task(clock.sleep_until(START + timedelta(hours=1)))
    await clock.advance(hours=2)
    await task

    assert steps == [timedelta(), timedelta(hours=1)]
