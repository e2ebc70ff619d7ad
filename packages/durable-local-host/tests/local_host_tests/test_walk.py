"""The walk, case by case: what a list of actions comes to against a history."""

from __future__ import annotations

from typing import Any

import pytest

from local_host.engine.history_events import Fields
from local_host.engine.walk import walk
from local_host.engine.walk_result import NonDeterministic

Action = dict[str, Any]


def activity(name: str = "A") -> Action:
    return {"actionType": 0, "functionName": name, "input": "1"}


def retry(attempts: int) -> Action:
    options = {"firstRetryIntervalInMilliseconds": 1000, "maxNumberOfAttempts": attempts}
    return {"actionType": 1, "functionName": "A", "input": "1", "retryOptions": options}


def timer(*, cancelled: bool = False) -> Action:
    return {"actionType": 5, "fireAt": "2026-01-01T01:00:00.000000Z", "isCanceled": cancelled}


def event(name: str) -> Action:
    return {"actionType": 6, "externalEventName": name, "reason": "ExternalEvent"}


def signal() -> Action:
    return {"actionType": 9, "instanceId": "@e@k", "operation": "op", "input": "null"}


def when_any(*children: Action) -> Action:
    return {"actionType": 11, "compoundActions": list(children)}


def when_all(*children: Action) -> Action:
    return {"actionType": 12, "compoundActions": list(children)}


def history(*events: str) -> list[Fields]:
    """Return events of a short form; the start comes by itself.

    "4:0:A" is TaskScheduled 0 named A, "5:0" its completion, "15:E" an event named E.
    """
    return [
        {"EventType": 12, "EventId": -1, "Timestamp": "2026-01-01T00:00:00.000000Z"},
        {"EventType": 0, "EventId": -1},
        *map(_event, events),
    ]


def _event(text: str) -> Fields:
    number, _, rest = text.partition(":")
    if number == "15":
        return {"EventType": 15, "EventId": -1, "Name": rest}
    event_id, _, name = rest.partition(":")
    if number in ("5", "6", "11"):
        return {"EventType": int(number), "EventId": -1, "TaskScheduledId": int(event_id), "TimerId": int(event_id)}
    return {"EventType": int(number), "EventId": int(event_id), "Name": name or None}


def new_work(actions: list[Action], *events: str) -> list[tuple[int, int]]:
    return [(work.id, int(work.kind)) for work in walk(actions, history(*events)).new_work]


@pytest.mark.parametrize(
    ("actions", "events", "expected"),
    [
        ([activity(), activity()], (), [(0, 4)]),
        ([activity(), activity()], ("4:0:A", "5:0"), [(1, 4)]),
        ([activity(), activity()], ("4:0:A", "6:0"), [(1, 4)]),
        ([when_all(activity(), timer(), activity())], (), [(0, 4), (1, 10), (2, 4)]),
        ([when_all(activity(), activity()), timer()], ("4:0:A", "4:1:A", "5:1"), []),
        ([when_any(activity(), activity()), timer()], ("4:0:A", "4:1:A", "6:1"), [(2, 10)]),
        ([signal(), activity()], (), [(0, 14), (1, 4)]),
        ([timer(cancelled=True), activity()], (), [(0, 10), (1, 4)]),
        ([when_all(), when_any(), activity()], (), [(0, 4)]),
        ([event("E"), activity()], (), []),
        ([event("E"), activity()], ("15:e",), [(0, 4)]),
        ([activity(), event("E"), timer()], ("4:0:A", "15:E", "5:0"), [(1, 10)]),
        ([when_any(event("E"), activity()), event("E"), timer()], ("4:0:A", "5:0", "15:E"), [(1, 10)]),
        ([retry(2)], ("4:0:A", "6:0"), [(1, 10)]),
        ([retry(2)], ("4:0:A", "6:0", "10:1", "11:1"), [(2, 4)]),
        ([retry(1), timer()], ("4:0:A", "6:0"), [(1, 10)]),
        ([retry(1), timer()], ("4:0:A", "6:0", "10:1", "11:1"), [(2, 10)]),
        ([retry(3), timer()], ("4:0:A", "5:0"), [(1, 10)]),
    ],
)
def test_new_work(actions: list[Action], events: tuple[str, ...], expected: list[tuple[int, int]]) -> None:
    assert new_work(actions, *events) == expected


@pytest.mark.parametrize(
    ("attempts", "fire_at"), [(2, "2026-01-01T00:00:01.000000Z"), (1, "2026-01-01T00:00:00.000000Z")]
)
def test_the_timer_after_the_last_attempt_is_due_at_once(attempts: int, fire_at: str) -> None:
    (work,) = walk([retry(attempts)], history("4:0:A", "6:0")).new_work

    assert work.fire_at == fire_at


@pytest.mark.parametrize(
    "events", [("4:0:B",), ("10:0",), ("4:1:A",), ("4:0:A", "5:0", "4:1:A")], ids=["name", "kind", "id", "too many"]
)
def test_a_history_that_the_code_does_not_ask_for_is_found_out(events: tuple[str, ...]) -> None:
    with pytest.raises(NonDeterministic, match="Non-Deterministic workflow detected"):
        walk([activity()], history(*events))


def test_names_compare_without_case() -> None:
    assert new_work([activity("Charge")], "4:0:CHARGE") == []


@pytest.mark.parametrize(
    ("actions", "events", "at_end", "is_waiting"),
    [
        ([], (), True, False),
        ([activity()], (), False, True),
        ([when_any(activity(), timer())], ("4:0:A", "10:1", "5:0"), True, True),
        ([when_any(activity(), timer(cancelled=True))], ("4:0:A", "10:1", "5:0"), True, False),
        ([event("E")], (), False, False),
        ([event("E"), event("E")], ("15:E",), False, False),
    ],
)
def test_an_execution_ends_when_nothing_is_open(
    actions: list[Action], events: tuple[str, ...], at_end: bool, is_waiting: bool
) -> None:
    result = walk(actions, history(*events))

    assert (result.at_end, result.is_waiting) == (at_end, is_waiting)


def test_events_after_continue_as_new_are_carried_over_and_earlier_ones_are_not() -> None:
    actions = [activity(), {"actionType": 4, "input": "1"}]
    result = walk(actions, history("15:before", "4:0:A", "5:0", "15:after"))

    assert [carried["Name"] for carried in result.carried] == ["after"]


def test_an_unknown_completion_is_ignored() -> None:
    assert new_work([activity()], "5:7", "11:8") == [(0, 4)]
