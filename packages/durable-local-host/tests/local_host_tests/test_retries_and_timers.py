"""Durable timers and the retries made of them, with time moved by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from local_host.engine.status import RuntimeStatus
from local_host_tests.small_app import Code, Context, SmallApp, event_types, output_of, running


@pytest.fixture
def app() -> SmallApp:
    app = SmallApp()

    @app.activity
    def fails_until(attempt: int) -> str:
        if app.runs["fails_until"] < attempt:
            raise ValueError(f"attempt {app.runs['fails_until']}")
        return "at last"

    @app.activity
    def echo(value: Any) -> Any:
        return value

    @app.orchestrator
    def retrying(context: Context) -> Code:
        succeeds_at, attempts = context.get_input()
        try:
            return (yield context.call_activity_with_retry("fails_until", df.RetryOptions(1000, attempts), succeeds_at))
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            return str(error).split(" \n")[0]

    return app


def timer_in(context: Context, **delta: float) -> Any:
    return context.create_timer(context.current_utc_datetime + timedelta(**delta))


async def test_all_attempts_failing_takes_one_more_timer_before_the_failure_is_reported(app: SmallApp) -> None:
    async with running(app) as engine:
        instance_id = await engine.start("retrying", [9, 3])
        await engine.clock.advance(seconds=2)
        status = await engine.status(instance_id)

    assert output_of(status) == "Activity function 'fails_until' failed: ValueError: attempt 3"
    assert event_types(status) == [0, 4, 6, 10, 11, 4, 6, 10, 11, 4, 6, 10, 11, 1]
    assert status.history is not None
    assert [e["EventId"] for e in status.history if e["EventType"] in (4, 10)] == [0, 1, 2, 3, 4, 5]


async def test_a_single_attempt_has_the_extra_timer_too_and_it_is_due_at_once(app: SmallApp) -> None:
    async with running(app) as engine:
        status = await engine.run("retrying", [9, 1])

    assert event_types(status) == [0, 4, 6, 10, 11, 1]


async def test_a_success_at_the_second_attempt_takes_no_further_timer(app: SmallApp) -> None:
    async with running(app) as engine:
        instance_id = await engine.start("retrying", [2, 3])
        await engine.clock.advance(seconds=1)
        status = await engine.status(instance_id)

    assert output_of(status) == "at last"
    assert event_types(status) == [0, 4, 6, 10, 11, 4, 5, 1]


async def test_a_pending_retry_does_not_run_before_its_time(app: SmallApp) -> None:
    async with running(app) as engine:
        await engine.start("retrying", [2, 3])
        await engine.clock.advance(seconds=0.9)

    assert app.runs["fails_until"] == 1


async def test_a_cancelled_loser_does_not_hold_the_instance_but_stands_in_its_history(app: SmallApp) -> None:
    @app.orchestrator
    def race(context: Context) -> Code:
        timer = timer_in(context, hours=1)
        yield context.task_any([context.call_activity("echo", 1), timer])
        timer.cancel()
        return "won"

    async with running(app) as engine:
        status = await engine.run(race)

    assert (status.runtime_status, event_types(status)) == (RuntimeStatus.COMPLETED, [0, 4, 10, 5, 1])


async def test_an_uncancelled_loser_keeps_the_instance_running_until_it_fires(app: SmallApp) -> None:
    @app.orchestrator
    def race(context: Context) -> Code:
        yield context.task_any([context.call_activity("echo", 1), timer_in(context, hours=1)])
        return "won"

    async with running(app) as engine:
        instance_id = await engine.start(race)
        before = await engine.status(instance_id)
        await engine.clock.advance(hours=1)
        after = await engine.status(instance_id)

    assert (before.runtime_status, after.runtime_status) == (RuntimeStatus.RUNNING, RuntimeStatus.COMPLETED)


async def test_a_timer_in_the_past_fires_at_once(app: SmallApp) -> None:
    @app.orchestrator
    def past(context: Context) -> Code:
        yield timer_in(context, hours=-1)

    async with running(app) as engine:
        status = await engine.run(past)

    assert (status.runtime_status, event_types(status)) == (RuntimeStatus.COMPLETED, [0, 10, 11, 1])


async def test_an_empty_task_all_neither_hangs_nor_leaves_a_trace(app: SmallApp) -> None:
    @app.orchestrator
    def nothing(context: Context) -> Code:
        return (yield context.task_all([]))

    async with running(app) as engine:
        status = await engine.run(nothing)

    assert event_types(status) == [0, 1]


async def test_a_timer_of_20_days_is_five_of_three_days_and_one_of_five(app: SmallApp) -> None:
    @app.orchestrator
    def long(context: Context) -> Code:
        yield timer_in(context, days=20)
        return context.current_utc_datetime.isoformat()

    async with running(app) as engine:
        instance_id = await engine.start(long)
        await engine.clock.advance(days=20)
        status = await engine.status(instance_id)

    assert status.history is not None
    due = [e["FireAt"][8:10] for e in status.history if e["EventType"] == 10]
    assert due == ["04", "07", "10", "13", "16", "21"]
    assert output_of(status) == "2026-01-21T00:00:00+00:00"


async def test_timers_fire_in_order_of_their_time_each_at_its_own_moment(app: SmallApp) -> None:
    fired: list[str] = []

    @app.orchestrator
    def one(context: Context) -> Code:
        yield timer_in(context, hours=context.get_input() or 0)
        fired.append(f"{context.get_input()} {context.current_utc_datetime:%H:%M}")

    async with running(app) as engine:
        for hours in (3, 1, 2):
            await engine.start(one, hours)
        await engine.clock.advance(hours=48)

    assert fired == ["1 01:00", "2 02:00", "3 03:00"]
