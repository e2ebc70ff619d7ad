"""History events in the form the SDK reads them: one maker per kind, and the text they are stored as.

An event is made once, as JSON text, and never written again: the SDK derives ids from timestamps, so every digit must
stay as it was. The one thing that changes is `IsPlayed`, which the text carries at a fixed place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class EventType(IntEnum):
    """The numbers of the kinds of history event that this host writes."""

    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_ORCHESTRATION_CREATED = 7
    SUB_ORCHESTRATION_COMPLETED = 8
    SUB_ORCHESTRATION_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_SENT = 14
    EVENT_RAISED = 15
    GENERIC_EVENT = 17
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20
    EXECUTION_REWOUND = 21


# The name of the field by which a completion says what it completes.
COMPLETES: Mapping[int, str] = {
    EventType.TASK_COMPLETED: "TaskScheduledId",
    EventType.TASK_FAILED: "TaskScheduledId",
    EventType.SUB_ORCHESTRATION_COMPLETED: "TaskScheduledId",
    EventType.SUB_ORCHESTRATION_FAILED: "TaskScheduledId",
    EventType.TIMER_FIRED: "TimerId",
}

# Scheduled events that stay open until a completion names their id.
OPENS = frozenset((EventType.TASK_SCHEDULED, EventType.SUB_ORCHESTRATION_CREATED, EventType.TIMER_CREATED))

Fields = Mapping[str, Any]

# What reaches an orchestration from outside; all other events are written by its episodes.
_INCOMING = frozenset(
    (
        EventType.EXECUTION_STARTED,
        EventType.EXECUTION_TERMINATED,
        EventType.EVENT_RAISED,
        EventType.EXECUTION_SUSPENDED,
        EventType.EXECUTION_RESUMED,
        *COMPLETES,
    )
)

_to_json = json.JSONEncoder(ensure_ascii=False).encode

_UNPLAYED = '"IsPlayed": false'
_PLAYED = '"IsPlayed": true'


@dataclass(frozen=True, slots=True)
class Event:
    """One history event: its fields, and the JSON text it is stored and sent as."""

    fields: Fields
    text: str

    @property
    def type(self) -> int:
        """Return the number of the event's type."""
        return self.fields["EventType"]  # type: ignore[no-any-return]

    @classmethod
    def parse(cls, text: str) -> Event:
        """Read an event from its JSON text."""
        return cls(json.loads(text), text)


def make_event(kind: EventType, at: str, event_id: int = -1, **fields: Any) -> Event:
    """Return an event. at: the timestamp's text; event_id: the sequence number of a scheduled event, else -1."""
    values = {"EventType": int(kind), "EventId": event_id, "IsPlayed": False, "Timestamp": at, **fields}
    return Event(values, _to_json(values))


def as_event(fields: Fields) -> Event:
    """Return an event of a history, to be written again."""
    return Event(fields, _to_json(fields))


def as_played(event: Event) -> str:
    """Return the event's text once its episode is over: what came in is played, what was scheduled never says so."""
    return event.text.replace(_UNPLAYED, _PLAYED, 1) if event.type in _INCOMING else event.text


def execution_started(
    at: str,
    *,
    name: str,
    version: str,
    input_text: str | None,
    instance_id: str,
    execution_id: str,
    parent: Fields | None,
    generation: int | None = 0,
    parent_trace: Fields | None = None,
) -> Event:
    """Return the event with which an execution starts.

    Args:
        at: The timestamp's text.
        name: The orchestrator's name.
        version: Its version.
        input_text: JSON text, or None.
        instance_id: Of the instance.
        execution_id: Of this execution.
        parent: What `parent_instance` made; None for a top-level instance.
        generation: None for an execution that continues another one.
        parent_trace: The trace that it belongs to; None for none.
    """
    return make_event(
        EventType.EXECUTION_STARTED,
        at,
        Name=name,
        Version=version,
        Input=input_text,
        OrchestrationInstance={"InstanceId": instance_id, "ExecutionId": execution_id},
        ParentInstance=parent,
        Tags=None,
        Correlation=None,
        ScheduledStartTime=None,
        Generation=generation,
        ParentTraceContext=parent_trace,
        GenerateNewTrace=False,
    )


def parent_instance(name: str, version: str, instance_id: str, execution_id: str, task_id: int) -> dict[str, Any]:
    """Return how a child names its parent and the task of the parent that it is."""
    return {
        "Name": name,
        "OrchestrationInstance": {"InstanceId": instance_id, "ExecutionId": execution_id},
        "TaskScheduleId": task_id,
        "Version": version,
    }


def task_scheduled(at: str, task_id: int, name: str, input_text: str | None) -> Event:
    """Return the event of a scheduled activity. input_text: the JSON text of a list that holds the JSON text of the one input."""
    return make_event(
        EventType.TASK_SCHEDULED,
        at,
        task_id,
        Name=name,
        Version="",
        Input=input_text,
        Tags=None,
        ParentTraceContext=None,
    )


def task_completed(at: str, task_id: int, result: str | None) -> Event:
    """Return the event of an activity's result."""
    return make_event(EventType.TASK_COMPLETED, at, TaskScheduledId=task_id, Result=result)


def task_failed(at: str, task_id: int, reason: str, details: str) -> Event:
    """Return the event of an activity's failure."""
    return make_event(
        EventType.TASK_FAILED, at, TaskScheduledId=task_id, Reason=reason, Details=details, FailureDetails=None
    )


def child_completed(at: str, task_id: int, result: str | None) -> Event:
    """Return the event of a child's result."""
    return make_event(EventType.SUB_ORCHESTRATION_COMPLETED, at, TaskScheduledId=task_id, Result=result)


def child_failed(at: str, task_id: int, reason: str | None, details: str | None) -> Event:
    """Return the event of a child's failure."""
    return make_event(
        EventType.SUB_ORCHESTRATION_FAILED,
        at,
        TaskScheduledId=task_id,
        Reason=reason,
        Details=details,
        FailureDetails=None,
    )


def timer_fired(at: str, timer_id: int, fire_at: str) -> Event:
    """Return the event of a timer that is due."""
    return make_event(EventType.TIMER_FIRED, at, TimerId=timer_id, FireAt=fire_at)


def event_raised(at: str, name: str, input_text: str | None) -> Event:
    """Return the event of an external event."""
    return make_event(EventType.EVENT_RAISED, at, Name=name, Input=input_text, ParentTraceContext=None)


def execution_completed(at: str, event_id: int, status_number: int, result: str | None) -> Event:
    """Return the event of an instance's end."""
    return make_event(
        EventType.EXECUTION_COMPLETED,
        at,
        event_id,
        OrchestrationStatus=status_number,
        Result=result,
        FailureDetails=None,
    )
