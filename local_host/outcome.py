"""PURE: what an episode leads to: new history, work to hand out, a new status.

An outcome is everything that one transaction stores. `finish` makes it from the orchestrator's answer, `settle` from an
episode in which no code runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local_host import history as h
from local_host.actions import HTTP_ACTIVITY, ActionType, Answer
from local_host.config import DurableConfig
from local_host.errors import UnknownFunction
from local_host.executor import FunctionKind, Functions
from local_host.history import Event, EventType, parse_time, time_text
from local_host.instance import Episode, Instance
from local_host.status import RuntimeStatus
from local_host.walk import NonDeterministic, UnknownAction, WalkResult, Work, walk

# The real host's limit, in bytes of UTF-16.
MAX_CUSTOM_STATUS_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityTask:
    """An activity to run. input: JSON text."""

    task_id: int
    name: str
    input: str


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
    """A sub-orchestration to start. parent_task_id: what its parent is told when it cannot be."""

    instance: Instance
    started: Event
    parent_task_id: int


@dataclass(frozen=True, slots=True)
class Letter:
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
    letters: list[Letter] = field(default_factory=list)
    continued: Instance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a decision needs beside the episode: the app's functions, the settings, the time, and fresh GUIDs."""

    functions: Functions
    config: DurableConfig
    now: datetime
    new_id: Callable[[], str]


class OrchestrationFailed(Exception):
    """The host itself fails the orchestration; the text says why."""


def settle(episode: Episode, around: Surroundings) -> Outcome:
    """No code runs: the instance was suspended, resumed or terminated, or only its children are rewound."""
    outcome = _outcome(episode, around)
    if episode.status is RuntimeStatus.TERMINATED:
        _end(outcome, RuntimeStatus.TERMINATED, episode.reason, around, _next_id(episode))
    for child in episode.children_to_rewind:
        reason = episode.incoming[-1].fields["Data"]
        outcome.letters.append(
            Letter(child, None, h.make_event(EventType.EXECUTION_REWOUND, outcome.updated_at, Reason=reason))
        )
    return _closed(outcome)


def finish(episode: Episode, answer: Answer, around: Surroundings) -> Outcome:
    """The code has answered: schedule what is new, or end."""
    outcome = _outcome(episode, around)
    try:
        outcome.custom_status = _checked_custom_status(answer)
        result = _walk(episode, answer, around.config)
        for work in result.new_work:
            _SCHEDULE[work.kind](outcome, work, around)
    except (NonDeterministic, UnknownAction, UnknownFunction, OrchestrationFailed) as problem:
        failed = fail(episode, str(problem), around)
        failed.custom_status = outcome.custom_status
        return failed
    if result.at_end and not result.is_waiting and (answer.is_done or answer.error is not None):
        _finish(outcome, answer, result, around)
    return _closed(outcome)


def fail(episode: Episode, error: str, around: Surroundings, *, stack: str = "") -> Outcome:
    """End the instance as failed, without scheduling anything."""
    outcome = _outcome(episode, around)
    _end_failed(outcome, error, stack, around, _next_id(episode))
    return _closed(outcome)


def _outcome(episode: Episode, around: Surroundings) -> Outcome:
    before = episode.instance
    return Outcome(
        episode=episode,
        status=episode.status,
        # The reason of a suspend or resume stands until something final replaces it.
        output=episode.reason or (None if episode.rewound else before.output),
        custom_status=before.custom_status,
        updated_at=time_text(around.now),
        events=[h.make_event(EventType.ORCHESTRATOR_STARTED, episode.at), *episode.incoming],
    )


def _closed(outcome: Outcome) -> Outcome:
    outcome.events.append(h.make_event(EventType.ORCHESTRATOR_COMPLETED, outcome.updated_at))
    return outcome


def _checked_custom_status(answer: Answer) -> str | None:
    text = answer.custom_status
    # Each character takes two bytes or four, so most texts need no encoding to be measured.
    if text is None or 4 * len(text) <= MAX_CUSTOM_STATUS_BYTES:
        return text
    size = len(text.encode("utf-16-le"))
    if size > MAX_CUSTOM_STATUS_BYTES:
        raise OrchestrationFailed(
            f"The custom status must not exceed 16 KB of UTF-16 text; its JSON has {size / 1024:.1f} KB."
        )
    return text


def _walk(episode: Episode, answer: Answer, config: DurableConfig) -> WalkResult:
    if len(answer.actions) > config.max_orchestration_actions:
        raise OrchestrationFailed(
            f"The orchestrator asked for {len(answer.actions)} actions, more than maxOrchestrationActions "
            f"({config.max_orchestration_actions}) allows."
        )
    started = {"EventType": EventType.ORCHESTRATOR_STARTED, "Timestamp": episode.at}
    incoming = [event.fields for event in episode.incoming]
    return walk(answer.actions, [*episode.history.events, started, *incoming])


def _next_id(episode: Episode) -> int:
    """The number after the last scheduled event, for an end that no walk leads to."""
    return max((event["EventId"] for event in episode.history.events), default=-1) + 1


# How new work is written and handed out, by kind.


def _schedule_task(outcome: Outcome, work: Work, around: Surroundings) -> None:
    if work.name == HTTP_ACTIVITY:
        text = json.dumps(work.action["httpRequest"])
    else:
        _require(around.functions, FunctionKind.ACTIVITY, work.name)
        text = work.action["input"]
    stored = text if around.config.store_inputs_in_orchestration_history else None
    outcome.events.append(
        h.make_event(EventType.TASK_SCHEDULED, outcome.updated_at, work.id, Name=work.name, Version="", Input=stored)
    )
    outcome.activities.append(ActivityTask(task_id=work.id, name=work.name, input=text))


def _schedule_child(outcome: Outcome, work: Work, around: Surroundings) -> None:
    _require(around.functions, FunctionKind.ORCHESTRATOR, work.name)
    parent = outcome.episode.instance
    version = work.action.get("version") or around.config.default_version or ""
    child = Instance(
        instance_id=work.action.get("instanceId") or f"{parent.execution_id}:{work.id}",
        execution_id=around.new_id().replace("-", ""),
        name=work.name,
        version=version,
        status=RuntimeStatus.PENDING,
        input=json.dumps(work.action["input"]),
        parent=json.dumps(
            h.parent_instance(parent.name, parent.version, parent.instance_id, parent.execution_id, work.id)
        ),
    )
    outcome.events.append(
        h.make_event(
            EventType.SUB_ORCHESTRATION_CREATED,
            outcome.updated_at,
            work.id,
            Name=work.name,
            Version=version,
            InstanceId=child.instance_id,
            Input=child.input,
        )
    )
    outcome.children.append(
        ChildStart(instance=child, started=started(child, outcome.updated_at), parent_task_id=work.id)
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
    caller = outcome.episode.instance
    is_signal = work.action["actionType"] == ActionType.SIGNAL_ENTITY
    request_id = around.new_id()
    input_text = json.dumps(work.action["input"])
    request = {
        "op": work.action["operation"],
        **({"signal": True} if is_signal else {}),
        "input": input_text,
        "id": request_id,
        "parent": caller.instance_id,
        "parentExecution": caller.execution_id,
    }
    outcome.events.append(
        h.make_event(
            EventType.EVENT_SENT,
            outcome.updated_at,
            work.id,
            InstanceId=entity_id,
            Name="op",
            Input=json.dumps(request),
        )
    )
    outcome.requests.append(
        EntityRequest(
            entity_id=entity_id,
            request_id=request_id,
            operation=work.action["operation"],
            input=input_text,
            caller=None if is_signal else caller.instance_id,
            caller_execution=None if is_signal else caller.execution_id,
        )
    )


_SCHEDULE: Mapping[EventType, Callable[[Outcome, Work, Surroundings], None]] = {
    EventType.TASK_SCHEDULED: _schedule_task,
    EventType.SUB_ORCHESTRATION_CREATED: _schedule_child,
    EventType.TIMER_CREATED: _schedule_timer,
    EventType.EVENT_SENT: _schedule_request,
}


def _require(functions: Functions, kind: FunctionKind, name: str) -> None:
    """The real host swallows an unknown name and waits for ever; failing in plain sight is the better thing locally."""
    if functions.find(kind, name) is None:
        raise UnknownFunction(kind, name, functions.names(kind))


def started(instance: Instance, at: str) -> Event:
    """The first message of an execution."""
    return h.execution_started(
        at,
        name=instance.name,
        version=instance.version,
        input_text=instance.input,
        instance_id=instance.instance_id,
        execution_id=instance.execution_id,
        parent=instance.parent_instance,
    )


# How an execution ends.


def _finish(outcome: Outcome, answer: Answer, result: WalkResult, around: Surroundings) -> None:
    if answer.error is not None:
        _end_failed(outcome, answer.error, answer.stack, around, result.next_id)
    elif result.continue_as_new is not None:
        _continue_as_new(outcome, result, around)
    else:
        _end(outcome, RuntimeStatus.COMPLETED, answer.output, around, result.next_id)


def _end_failed(outcome: Outcome, error: str, stack: str, around: Surroundings, event_id: int) -> None:
    text = f"Orchestrator function '{outcome.episode.instance.name}' failed: {error}"
    details = f"Message: {error}, StackTrace: {stack}"
    _end(outcome, RuntimeStatus.FAILED, text, around, event_id, details)


def _end(
    outcome: Outcome,
    status: RuntimeStatus,
    output: str | None,
    around: Surroundings,
    event_id: int,
    details: str | None = None,
) -> None:
    outcome.status = status
    outcome.output = output
    outcome.events.append(h.execution_completed(outcome.updated_at, event_id, status.number, output))
    parent = outcome.episode.instance.parent_instance
    if parent is not None:
        outcome.letters.append(_reply(parent, status, output, details, outcome.updated_at))


def _reply(parent: h.Fields, status: RuntimeStatus, output: str | None, details: str | None, at: str) -> Letter:
    task_id = parent["TaskScheduleId"]
    if status is RuntimeStatus.COMPLETED:
        event = h.child_completed(at, task_id, output)
    else:
        event = h.child_failed(at, task_id, output, details)
    to = parent["OrchestrationInstance"]
    return Letter(to["InstanceId"], to["ExecutionId"], event)


def _continue_as_new(outcome: Outcome, result: WalkResult, around: Surroundings) -> None:
    """The next execution: same instance, new execution id, fresh history, and the events that came too late for this one."""
    assert result.continue_as_new is not None
    before = outcome.episode.instance
    # A microsecond later at least, since the SDK derives GUIDs from the time of an episode and counts them per execution.
    after_this = parse_time(outcome.episode.at) + timedelta(microseconds=1)
    begins_at = time_text(max(around.now, after_this))
    following = Instance(
        instance_id=before.instance_id,
        execution_id=around.new_id().replace("-", ""),
        name=before.name,
        version=before.version,
        status=outcome.status,
        input=json.dumps(result.continue_as_new["input"]),
        parent=before.parent,
    )
    outcome.continued = following
    first_messages = [started(following, begins_at), *(h.as_event({**e, "IsPlayed": False}) for e in result.carried)]
    outcome.letters.extend(Letter(following.instance_id, following.execution_id, event) for event in first_messages)
