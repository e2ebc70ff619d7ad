"""What an episode leads to, as one value: everything that one transaction stores.

`decision` makes it, `steps.complete_episode` stores it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from local_host.engine import history_events as h
from local_host.engine.config import DurableConfig
from local_host.engine.executor import Functions
from local_host.engine.history_events import Event
from local_host.engine.instance import Episode, Instance
from local_host.engine.status import RuntimeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityTask:
    """An activity to run. input: JSON text; attempt, max_attempts: of a call with retry options."""

    task_id: int
    name: str
    input: str
    attempt: int = 1
    max_attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimer:
    """A timer to fire. fire_at: as the history has it; due: the same, in the form that sorts."""

    timer_id: int
    fire_at: str
    due: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRequest:
    """An operation for an entity. request_id: the GUID that its reply carries; caller: None for a signal."""

    entity_id: str
    request_id: str
    operation: str
    input: str | None
    caller: str | None = None
    caller_execution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildStart:
    """A sub-orchestration to start. parent_task_id: the number it has for its parent."""

    instance: Instance
    started: Event
    parent_task_id: int


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message for an instance; dropped on arrival when execution_id is given and no longer the live one."""

    instance_id: str
    execution_id: str | None
    event: Event


@dataclass(slots=True, kw_only=True)
class Outcome:
    """Everything one episode changes. episode_events: the whole episode, to be appended to the history.

    status, output, custom_status: the instance's new ones. continued: the next execution, whose history begins empty;
    it replaces this one.
    """

    episode: Episode
    status: RuntimeStatus
    output: str | None = None
    custom_status: str | None = None
    updated_at: str
    events: list[Event] = field(default_factory=list)
    activities: list[ActivityTask] = field(default_factory=list)
    timers: list[DueTimer] = field(default_factory=list)
    requests: list[EntityRequest] = field(default_factory=list)
    children: list[ChildStart] = field(default_factory=list)
    messages: list[OutgoingMessage] = field(default_factory=list)
    continued: Instance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a decision needs beside the episode: the app's functions, the settings, the time, and fresh GUIDs."""

    functions: Functions
    config: DurableConfig
    now: datetime
    new_id: Callable[[], str]


def parent_trace_of(events: Iterable[h.Fields]) -> h.Fields | None:
    """Return the trace that an execution belongs to, of its history; None for none."""
    start = next((event for event in events if event["EventType"] == h.EventType.EXECUTION_STARTED), {})
    trace: h.Fields | None = start.get("ParentTraceContext")
    return trace


def trace_of_episode(episode: Episode) -> h.Fields | None:
    """Return the trace that an episode's execution belongs to, which is that of the ones it starts."""
    return parent_trace_of(chain(episode.history.events, (event.fields for event in episode.incoming)))


def started(instance: Instance, at: str, *, generation: int | None = 0, parent_trace: h.Fields | None = None) -> Event:
    """Return the first message of an execution."""
    return h.execution_started(
        at,
        name=instance.name,
        version=instance.version,
        input_text=instance.input,
        instance_id=instance.instance_id,
        execution_id=instance.execution_id,
        parent=instance.parent_instance,
        generation=generation,
        parent_trace=parent_trace,
    )
