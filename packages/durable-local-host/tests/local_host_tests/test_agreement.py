"""The walk numbers work as the SDK does: random orchestrators, completed in random order, never get stuck or confused."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_host.engine import history_events as h
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import time_text
from local_host_tests.pure_host import PureHost

Step = dict[str, Any]


def _kind(kind: str, **fields: Any) -> st.SearchStrategy[Step]:
    return st.fixed_dictionaries({"kind": st.just(kind), **fields})


_task = _kind("task", failures=st.integers(0, 1))
_steady_task = _kind("task", failures=st.just(0))
_child = _kind("child", failures=st.integers(0, 1))
_retry = _kind("retry", failures=st.integers(0, 3), attempts=st.integers(1, 3), child=st.booleans())
_timer = _kind("timer", seconds=st.integers(-5, 60))
_long_timer = _kind("timer", seconds=st.integers(5 * 86_400, 25 * 86_400))
_event = _kind("event")
_entity = _kind("entity")
_signal = _kind("signal")

_alone = st.one_of(_task, _child, _retry, _timer, _long_timer, _event, _entity, _signal)


def _compound(kind: str, *children: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    return _kind(kind, children=st.lists(st.one_of(*children), min_size=0, max_size=4))


# Two things make the SDK number ahead of any host: when a `task_all` fails, the code resumes at once but the host only
# when all siblings have ended; and the parts of a long timer that lost a race go on. Numbering is undefined if a retry
# goes on at the same time, so a program has either these two or retries that run beside the code.
_programs_with_retries = st.lists(
    st.one_of(
        _alone,
        _compound("all", _steady_task, _timer, _event, _entity),
        _compound("any", _steady_task, _retry, _timer, _event, _entity),
        _kind("all", children=st.lists(_compound("any", _steady_task, _retry, _timer), min_size=1, max_size=3)),
    ),
    max_size=6,
)
_programs_with_failing_compounds = st.lists(
    st.one_of(
        _task,
        _child,
        _event,
        _entity,
        _signal,
        _timer,
        _compound("all", _task, _child, _timer, _event, _entity),
        _compound("any", _task, _child, _timer, _long_timer, _event, _entity),
    ),
    max_size=6,
)


def orchestrator_of(program: list[Step]) -> Any:
    """Yield an orchestrator that does the steps one after the other and catches every failure."""

    def orchestrator(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
        for number, step in enumerate(program):
            if step["kind"] == "signal":
                context.signal_entity(df.EntityId("e", "k"), "op", number)
                continue
            try:
                yield _awaitable(context, step, f"{number}")
            except Exception:  # noqa: BLE001 - the SDK raises nothing narrower
                continue
        return "done"

    return orchestrator


def _awaitable(context: df.DurableOrchestrationContext, step: Step, label: str) -> Any:
    value = {"label": label, "failures": step.get("failures", 0)}
    children = [_awaitable(context, child, f"{label}.{n}") for n, child in enumerate(step.get("children", ()))]
    options = df.RetryOptions(1000, step.get("attempts", 1))
    match step["kind"]:
        case "task":
            return context.call_activity("A", value)
        case "child":
            return context.call_sub_orchestrator("O", value)
        case "retry" if step["child"]:
            return context.call_sub_orchestrator_with_retry("O", options, value)
        case "retry":
            return context.call_activity_with_retry("A", options, value)
        case "timer":
            return context.create_timer(context.current_utc_datetime + timedelta(seconds=step["seconds"]))
        case "event":
            return context.wait_for_external_event(f"E{label}")
        case "entity":
            return context.call_entity(df.EntityId("e", "k"), "op", label)
        case "all":
            return context.task_all(children)
        case _:
            return context.task_any(children)


def _event_names(steps: list[Step], prefix: str = "") -> list[str]:
    names = []
    for number, step in enumerate(steps):
        label = f"{prefix}{number}"
        if step["kind"] == "event":
            names.append(f"E{label}")
        names += _event_names(step.get("children", []), f"{label}.")
    return names


def _run_in_random_order(program: list[Step], data: st.DataObject) -> PureHost:
    """Each episode receives up to three of the possible completions and events, in any order."""
    host = PureHost(orchestrator_of(program))
    events = _event_names(program)
    while not host.has_ended:
        possible: list[int | str] = [*host.open, *events]
        assert possible, "nothing is left to happen, but the orchestration has not ended"
        chosen = data.draw(st.lists(st.sampled_from(possible), min_size=1, max_size=3, unique=True))
        received = []
        for each in chosen:
            if isinstance(each, str):
                events.remove(each)
                received.append(h.event_raised(time_text(host.now), each, "1"))
            else:
                received.append(host.complete(each))
        host.step(*received)
    return host


_few = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@_few
@given(program=_programs_with_retries, data=st.data())
def test_retries_timers_and_events_in_any_order_end_as_the_code_does(program: list[Step], data: st.DataObject) -> None:
    host = _run_in_random_order(program, data)

    assert (host.instance.status, host.output) == (RuntimeStatus.COMPLETED, "done")


@_few
@given(program=_programs_with_failing_compounds, data=st.data())
def test_failing_compounds_in_any_order_end_as_the_code_does(program: list[Step], data: st.DataObject) -> None:
    host = _run_in_random_order(program, data)

    assert (host.instance.status, host.output) == (RuntimeStatus.COMPLETED, "done")
