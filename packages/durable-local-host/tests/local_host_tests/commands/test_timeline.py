"""A history read as lines: what belongs together is said as one thing, with its attempt and its outcome."""

from __future__ import annotations

from local_host.engine.timeline import Line, timeline
from local_host.testing import AppHost
from local_host_tests.conformance.support import on_conformance_app, status_of

pytestmark = on_conformance_app


async def lines(app_host: AppHost, instance_id: str) -> list[Line]:
    status = await status_of(app_host, instance_id, "?showHistory=true&showHistoryOutput=true")
    return list(timeline(status["historyEvents"]))


def event(kind: str, second: int, **fields: object) -> dict[str, object]:
    return {"EventType": kind, "Timestamp": f"2026-01-01T00:00:{second:02}Z", **fields}


def task(kind: str, begun: int, ended: int, name: str = "pay") -> dict[str, object]:
    return event(kind, ended, FunctionName=name, ScheduledTime=f"2026-01-01T00:00:{begun:02}Z")


def test_every_try_after_a_failure_says_which_one_it_is():
    history = [
        task("TaskFailed", 0, 1),
        task("TaskFailed", 0, 2, "ship"),
        task("TaskFailed", 3, 4),
        task("TaskCompleted", 5, 6),
        task("TaskCompleted", 7, 8),
        event("TaskScheduled", 9, Name="ship"),
    ]
    assert [line.text.split(" after")[0] for line in timeline(history)] == [
        "pay failed",
        "ship failed",
        "attempt 2: pay failed",
        "attempt 3: pay completed",
        "pay completed",
        "attempt 2: ship scheduled, not ended",
    ]


def test_what_ran_beside_a_failure_is_no_second_attempt():
    history = [task("TaskFailed", 0, 2), task("TaskCompleted", 1, 3)]
    assert [line.text for line in timeline(history)] == ["pay failed after 2.000 s", "pay completed after 2.000 s"]


async def test_a_call_of_an_entity_is_shown_with_its_answer_and_a_signal_has_none(app_host: AppHost):
    await app_host.start("signal_then_call", instance_id="one")
    signal, call, answer = [line for line in await lines(app_host, "one") if "@counter@" in line.text]
    assert [(line.is_open, line.is_answered) for line in (signal, call, answer)] == [
        (False, False),
        (False, True),
        (False, False),
    ]
    assert signal.text == "add sent to @counter@k"
    assert (answer.style, answer.text) == ("green", "add of @counter@k completed after 0.000 s: 15")


async def test_an_operation_that_failed_is_shown_as_a_failure(app_host: AppHost):
    await app_host.start("fail_entity", instance_id="one")
    (answer,) = [line for line in await lines(app_host, "one") if line.text.startswith("fail_after_change of")]
    assert (answer.mark, answer.style) == ("✗", "red")
    assert "@counter@k failed after 0.000 s" in answer.text


async def test_an_end_knows_its_begin_and_a_begin_whether_it_has_ended(app_host: AppHost):
    await app_host.start("timer_for", 90, instance_id="one")
    assert [(line.is_open, line.is_answered) for line in await lines(app_host, "one")] == [
        (False, False),
        (True, False),
    ]
    await app_host.advance(seconds=90)
    _, begun, fired, _ = await lines(app_host, "one")
    assert (begun.is_open, begun.is_answered) == (False, True)
    assert (fired.begun_s, fired.at_s, fired.at) == (0, 90, "+90.000 s")


async def test_a_cancelled_timer_is_open_no_longer_than_its_instance(app_host: AppHost):
    await app_host.start("event_or_timer", True, instance_id="one")
    await app_host.run_until_idle()
    assert [line.is_open for line in await lines(app_host, "one")] == [False, True]
    await app_host.raise_event("one", "E")
    await app_host.wait("one")
    assert not any(line.is_open for line in await lines(app_host, "one"))
