"""PURE: what an episode leads to: new history, work to hand out, a new status.

`finish` makes an outcome from the orchestrator's answer, `settle` from an episode in which no code runs, `fail` from one
that the host itself ends, `finish_without_answer` from one that the SDK's answer is missing of.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta

from local_host.engine import history_events as h
from local_host.engine.actions import Answer
from local_host.engine.config import DurableConfig
from local_host.engine.errors import UnknownFunction
from local_host.engine.history_events import EventType
from local_host.engine.instance import Episode, Instance
from local_host.engine.outcome import Outcome, OutgoingMessage, Surroundings, started, trace_of_episode
from local_host.engine.scheduling import OrchestrationFailed, schedule
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import parse_time, time_text
from local_host.engine.walk import walk
from local_host.engine.walk_result import NonDeterministic, UnknownAction, WalkResult

# The real host's limit, for the text in UTF-16.
MAX_CUSTOM_STATUS_KB = 16
_VERSION_MISMATCH = "VersionMismatch: Orchestration version did not comply with Worker Versioning"


def settle(episode: Episode, around: Surroundings) -> Outcome:
    """Run no code: the instance was suspended, resumed or terminated, or only its children are rewound."""
    outcome = _outcome(episode, around)
    if episode.status is RuntimeStatus.TERMINATED:
        _end(outcome, RuntimeStatus.TERMINATED, episode.reason, around, _next_id(episode))
    for child in episode.children_to_rewind:
        reason = episode.incoming[-1].fields["Data"]
        outcome.messages.append(
            OutgoingMessage(child, None, h.make_event(EventType.EXECUTION_REWOUND, outcome.updated_at, Reason=reason))
        )
    return _closed(outcome)


def finish(episode: Episode, answer: Answer, around: Surroundings) -> Outcome:
    """Take the answer of the code: schedule what is new, or end."""
    outcome = _outcome(episode, around)
    try:
        outcome.custom_status = _checked_custom_status(answer)
        result = _walk(episode, answer, around.config)
        for work in result.new_work:
            schedule(outcome, work, around)
    except NonDeterministic as problem:
        return _contradicted(outcome, problem, around)
    except (UnknownAction, UnknownFunction, OrchestrationFailed) as problem:
        failed = fail(episode, str(problem), around)
        failed.custom_status = outcome.custom_status
        return failed
    if result.at_end and not result.is_waiting and (answer.is_done or answer.error is not None):
        _finish(outcome, answer, result, around)
    return _closed(outcome)


def fail(episode: Episode, error: str, around: Surroundings) -> Outcome:
    """End the instance as failed, without scheduling anything."""
    outcome = _outcome(episode, around)
    _end_failed(outcome, error, "", around, _next_id(episode))
    return _closed(outcome)


def end_for_version(episode: Episode, around: Surroundings) -> Outcome:
    """End the instance as failed, since its version is none that this host runs."""
    outcome = _outcome(episode, around)
    _end(outcome, RuntimeStatus.FAILED, _VERSION_MISMATCH, around, _next_id(episode))
    return _closed(outcome)


def finish_without_answer(episode: Episode, error: str, around: Surroundings, *, stack: str = "") -> Outcome:
    """Fail an instance for good whose answer is missing, since the worker is gone or the SDK itself raised.

    The extension goes on without any action of the orchestrator, so that the first thing which the history holds as
    scheduled counts as non-determinism; only without such a thing it says why. The custom status is gone.
    """
    outcome = _outcome(episode, around)
    outcome.custom_status = None
    nothing = Answer(actions=[], is_done=True, output=None, custom_status=None, error=error)
    try:
        _walk(episode, nothing, around.config)
    except NonDeterministic as problem:
        return _contradicted(outcome, problem, around)
    _end_failed(outcome, error, stack, around, _next_id(episode))
    return _closed(outcome)


def _contradicted(outcome: Outcome, problem: NonDeterministic, around: Surroundings) -> Outcome:
    """Fail an instance, but hand out what its code has asked for and the history does not have."""
    assert problem.result is not None
    for work in problem.result.new_work:
        with suppress(UnknownFunction, OrchestrationFailed):
            schedule(outcome, work, around)
    _end(outcome, RuntimeStatus.FAILED, str(problem), around, problem.result.next_id, details=str(problem))
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
    if text is None or 4 * len(text) <= MAX_CUSTOM_STATUS_KB * 1024:
        return text
    size_kb = len(text.encode("utf-16-le")) // 1024  # in whole KB, as the extension counts
    if size_kb > MAX_CUSTOM_STATUS_KB:
        raise OrchestrationFailed(
            "The UTF-16 size of the JSON-serialized payload must not exceed "
            f"{MAX_CUSTOM_STATUS_KB} KB. The current payload size is {size_kb} KB."
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
    """Return the number after the last scheduled event, for an end that no walk leads to."""
    return max((event["EventId"] for event in episode.history.events), default=-1) + 1


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
        outcome.messages.append(_reply(parent, status, output, details, outcome.updated_at))


def _reply(
    parent: h.Fields, status: RuntimeStatus, output: str | None, details: str | None, at: str
) -> OutgoingMessage:
    task_id = parent["TaskScheduleId"]
    if status is RuntimeStatus.COMPLETED:
        event = h.child_completed(at, task_id, output)
    else:
        event = h.child_failed(at, task_id, output, details)
    to = parent["OrchestrationInstance"]
    return OutgoingMessage(to["InstanceId"], to["ExecutionId"], event)


def _continue_as_new(outcome: Outcome, result: WalkResult, around: Surroundings) -> None:
    """Begin the next execution: same instance, new execution id, fresh history, and the events that came too late for this one."""
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
    carried = [h.as_event({**event, "IsPlayed": False}) for event in result.carried]
    trace = trace_of_episode(outcome.episode)
    first_messages = [started(following, begins_at, generation=None, parent_trace=trace), *carried]
    outcome.messages.extend(
        OutgoingMessage(following.instance_id, following.execution_id, event) for event in first_messages
    )
