"""PURE: new work, by kind: the event that records it and what is handed out for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import chain
from typing import Any

from local_host.engine import history_events as h
from local_host.engine.actions import HTTP_ACTIVITY, ActionType
from local_host.engine.compact_json import to_text
from local_host.engine.executor import FunctionKind, Functions, unknown_function
from local_host.engine.history_events import EventType
from local_host.engine.instance import Instance
from local_host.engine.outcome import (
    ActivityTask,
    ChildStart,
    DueTimer,
    EntityRequest,
    Outcome,
    Surroundings,
    started,
    trace_of_episode,
)
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import parse_time, time_text
from local_host.engine.walk_result import Work

_REQUEST = (
    "Microsoft.Azure.WebJobs.Extensions.DurableTask.RequestMessage, Microsoft.Azure.WebJobs.Extensions.DurableTask"
)
_NEVER = "0001-01-01T00:00:00"
_TICKS_PER_SECOND = 10_000_000


class OrchestrationFailed(Exception):
    """The host itself fails the orchestration; the text says why."""


def schedule(outcome: Outcome, work: Work, around: Surroundings) -> None:
    """Add the work to the outcome. Raises UnknownFunction, OrchestrationFailed."""
    _SCHEDULE[work.kind](outcome, work, around)


def _schedule_task(outcome: Outcome, work: Work, around: Surroundings) -> None:
    if work.name == HTTP_ACTIVITY:
        text = json.dumps(work.action["httpRequest"])
    else:
        if not around.functions.is_disabled(FunctionKind.ACTIVITY, work.name):
            _require(around.functions, FunctionKind.ACTIVITY, work.name)
        text = work.action["input"]
    stored = json.dumps([text]) if around.config.store_inputs_in_orchestration_history else None
    outcome.events.append(h.task_scheduled(outcome.updated_at, work.id, work.name, stored))
    outcome.activities.append(
        ActivityTask(task_id=work.id, name=work.name, input=text, attempt=work.attempt, max_attempts=work.max_attempts)
    )


def _schedule_child(outcome: Outcome, work: Work, around: Surroundings) -> None:
    _require(around.functions, FunctionKind.ORCHESTRATOR, work.name)
    child = _child(outcome.episode.instance, work, around)
    outcome.events.append(
        h.make_event(
            EventType.SUB_ORCHESTRATION_CREATED,
            outcome.updated_at,
            work.id,
            Name=work.name,
            Version=child.version,
            InstanceId=child.instance_id,
            Input=child.input,
            Tags=None,
            ClientSpanId=None,
        )
    )
    outcome.children.append(
        ChildStart(
            instance=child,
            started=started(child, outcome.updated_at, generation=None, parent_trace=trace_of_episode(outcome.episode)),
            parent_task_id=work.id,
        )
    )


def _child(parent: Instance, work: Work, around: Surroundings) -> Instance:
    return Instance(
        instance_id=work.action.get("instanceId") or f"{parent.execution_id}:{work.id}",
        execution_id=around.new_id().replace("-", ""),
        name=work.name,
        version=work.action.get("version") or around.config.default_version or "",
        status=RuntimeStatus.PENDING,
        input=json.dumps(work.action["input"]),
        parent=json.dumps(
            h.parent_instance(parent.name, parent.version, parent.instance_id, parent.execution_id, work.id)
        ),
    )


def _schedule_timer(outcome: Outcome, work: Work, _: Surroundings) -> None:
    outcome.events.append(h.make_event(EventType.TIMER_CREATED, outcome.updated_at, work.id, FireAt=work.fire_at))
    if not work.is_cancelled:
        outcome.timers.append(DueTimer(timer_id=work.id, fire_at=work.fire_at, due=_due(work.fire_at)))


def _due(fire_at: str) -> str:
    try:
        return time_text(parse_time(fire_at))
    except (ValueError, OverflowError):
        raise OrchestrationFailed(f"A timer cannot fire at '{fire_at}'.") from None


def _schedule_request(outcome: Outcome, work: Work, around: Surroundings) -> None:
    entity_id = work.action["instanceId"]
    _require(around.functions, FunctionKind.ENTITY, entity_id.split("@", 2)[1])
    is_signal = work.action["actionType"] == ActionType.SIGNAL_ENTITY
    caller = outcome.episode.instance
    request = EntityRequest(
        entity_id=entity_id,
        request_id=around.new_id(),
        operation=work.action["operation"],
        input=json.dumps(work.action["input"]),
        caller=None if is_signal else caller.instance_id,
        caller_execution=None if is_signal else caller.execution_id,
    )
    outcome.events.append(
        h.make_event(
            EventType.EVENT_SENT,
            outcome.updated_at,
            work.id,
            InstanceId=entity_id,
            Name="op",
            Input=to_text(_request_message(outcome, request, is_signal=is_signal)),
        )
    )
    outcome.requests.append(request)


def _request_message(outcome: Outcome, request: EntityRequest, *, is_signal: bool) -> dict[str, Any]:
    """Return what the real host's history has of a request to an entity."""
    caller, sent_before = outcome.episode.instance, _sent_before(outcome, request.entity_id)
    return {
        "$type": _REQUEST,
        "op": request.operation,
        **({"signal": True} if is_signal else {}),
        "input": request.input,
        "id": request.request_id,
        "parent": caller.instance_id,
        "parentExecution": caller.execution_id,
        "Timestamp": _later(outcome.episode.at, sent_before),
        "Predecessor": sent_before or _NEVER,
        "requestTime": outcome.updated_at.replace("Z", "+00:00"),
    }


def _sent_before(outcome: Outcome, entity_id: str) -> str | None:
    """Return the time of the last request to that entity, by which the real host keeps their order."""
    events = chain((event.fields for event in reversed(outcome.events)), reversed(outcome.episode.history.events))
    of_entity = (each for each in events if each["EventType"] == EventType.EVENT_SENT)
    last = next((each for each in of_entity if each["InstanceId"].casefold() == entity_id.casefold()), None)
    return None if last is None else json.loads(last["Input"]).get("Timestamp")


def _later(at: str, before: str | None) -> str:
    """Return `at`; but where that is not after `before`, the next tick of .NET (100 ns), which .NET writes without a zone."""
    if before is None or at.removesuffix("Z") > before.removesuffix("Z"):
        return at
    seconds, _, fraction = before.removesuffix("Z").partition(".")
    following = parse_time(f"{seconds}Z") + timedelta(seconds=1)
    ticks = int(fraction.ljust(7, "0")) + 1
    carried = time_text(following).partition(".")[0] if ticks == _TICKS_PER_SECOND else seconds
    return f"{carried}.{ticks % _TICKS_PER_SECOND:07}"


_SCHEDULE: Mapping[EventType, Callable[[Outcome, Work, Surroundings], None]] = {
    EventType.TASK_SCHEDULED: _schedule_task,
    EventType.SUB_ORCHESTRATION_CREATED: _schedule_child,
    EventType.TIMER_CREATED: _schedule_timer,
    EventType.EVENT_SENT: _schedule_request,
}


def _require(functions: Functions, kind: FunctionKind, name: str) -> None:
    """Fail in plain sight for an unknown name, which the real host swallows and waits for."""
    if functions.find(kind, name) is None:
        raise unknown_function(functions, kind, name)
