"""Checks 31 to 34 and 36 to 40: retries, timers and races, on a clock that the test moves."""

import asyncio
from datetime import timedelta

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import events_of, on_conformance_app, scheduled_ids, types

pytestmark = on_conformance_app
WORK = (4, 5, 6, 10, 11)


@pytest.mark.check(31)
async def test_three_attempts_that_fail_take_two_seconds_and_one_timer_more(app_host: AppHost) -> None:
    instance = await app_host.start("with_retry", 3)
    await app_host.run_until_idle()
    await app_host.advance(seconds=2)
    failed = await app_host.wait(instance)
    events = await events_of(app_host, instance)
    assert failed.runtime_status == "Failed"
    assert "ValueError: boom" in failed.output
    assert [kind for kind in types(events) if kind in WORK] == [4, 6, 10, 11, 4, 6, 10, 11, 4, 6, 10, 11]
    assert scheduled_ids(events) == [0, 1, 2, 3, 4, 5]
    assert timedelta(seconds=2) <= failed.last_updated_at - failed.created_at < timedelta(seconds=2.1)


@pytest.mark.check(32)
async def test_a_single_attempt_has_the_extra_timer_too(app_host: AppHost) -> None:
    instance = await app_host.start("with_retry", 1)
    assert (await app_host.wait(instance)).runtime_status == "Failed"
    assert scheduled_ids(await events_of(app_host, instance)) == [0, 1]


@pytest.mark.check(33)
async def test_a_success_at_the_second_attempt_needs_no_extra_timer(app_host: AppHost) -> None:
    app_host.replace_activity("F", lambda value: f"lucky {value}")
    app_host.fail_activity("F", attempt=1)
    instance = await app_host.start("with_retry", 3)
    await app_host.advance(seconds=1)
    assert (await app_host.wait(instance)).output == "lucky x"
    assert scheduled_ids(await events_of(app_host, instance)) == [0, 1, 2]


@pytest.mark.check(34)
@pytest.mark.parametrize("first", ["left", "right"])
async def test_two_retries_in_one_compound_number_as_the_sdk_does(app_host: AppHost, first: str) -> None:
    first_has_ended = asyncio.Event()

    async def in_order(value: str) -> str:
        if value != first:
            await first_has_ended.wait()
        first_has_ended.set()
        return f"{value} done"

    failures = iter([ValueError("once")])

    async def left(value: str) -> str:
        result = await in_order(value)
        for failure in failures:
            raise failure
        return result

    app_host.replace_activity("F", left)
    app_host.replace_activity("A", in_order)
    instance = await app_host.start("two_with_retry")
    await app_host.advance(seconds=1)
    assert (await app_host.wait(instance)).output == ["left done", "right done"]
    assert scheduled_ids(await events_of(app_host, instance)) == [0, 1, 2, 3]


@pytest.mark.check(36)
async def test_a_cancelled_timer_does_not_hold_the_instance(app_host: AppHost) -> None:
    instance = await app_host.start("race", True)
    assert (await app_host.wait(instance)).output == "work"
    kinds = types(await events_of(app_host, instance))
    assert 10 in kinds
    assert 11 not in kinds


@pytest.mark.check(37)
async def test_a_timer_left_alone_holds_the_instance_until_it_fires(app_host: AppHost) -> None:
    instance = await app_host.start("race", False)
    await app_host.advance(minutes=59)
    assert (await app_host.status(instance)).runtime_status == "Running"
    await app_host.advance(minutes=1)
    assert (await app_host.wait(instance)).output == "work"


@pytest.mark.check(38)
async def test_an_event_that_beats_a_cancelled_timer_completes_at_once(app_host: AppHost) -> None:
    instance = await app_host.start("event_or_timer")
    await app_host.run_until_idle()
    await app_host.raise_event(instance, "E")
    assert (await app_host.wait(instance)).output == "event"


@pytest.mark.check(38)
async def test_a_timer_that_beats_the_event_wins(app_host: AppHost) -> None:
    instance = await app_host.start("event_or_timer")
    await app_host.advance(hours=1)
    assert (await app_host.wait(instance)).output == "timer"


@pytest.mark.check(39)
async def test_an_empty_task_all_goes_on_at_once_and_leaves_no_event(app_host: AppHost) -> None:
    instance = await app_host.start("nothing_to_wait_for")
    assert (await app_host.wait(instance)).runtime_status == "Completed"
    assert types(await events_of(app_host, instance)) == [12, 0, 1, 13]


@pytest.mark.check(39)
async def test_a_timer_in_the_past_fires_at_once(app_host: AppHost) -> None:
    assert (await app_host.wait(await app_host.start("timer_for", -60))).output == "fired"


@pytest.mark.check(40)
async def test_a_timer_of_20_days_has_six_parts(app_host: AppHost) -> None:
    day = timedelta(days=1).total_seconds()
    instance = await app_host.start("timer_for", 20 * day)
    await app_host.advance(days=19)
    assert (await app_host.status(instance)).runtime_status == "Running"
    await app_host.advance(days=1)
    assert (await app_host.wait(instance)).output == "fired"
    events = await events_of(app_host, instance)
    parts = [_days(event) for event in events if event["EventType"] == 10]
    assert parts == [3, 6, 9, 12, 15, 20]


def _days(event: dict[str, str]) -> int:
    """Days from the start of 2026, when the clock of a test begins, to the due time."""
    month_and_day = event["FireAt"][5:10]
    assert month_and_day.startswith("01-")
    return int(month_and_day[3:]) - 1
