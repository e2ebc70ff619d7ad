"""Recorded histories: proof that today's code still replays the instances that yesterday's code began.

A recording is a plain JSON object; keep it in a file beside the test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import azure.functions as func
from azure.durable_functions import Orchestrator

from local_host.app.caller import failure_of
from local_host.engine.actions import Answer, read_answer, read_failure
from local_host.engine.config import DurableConfig
from local_host.engine.history import History
from local_host.engine.history_events import EventType
from local_host.engine.instance import Episode, Instance
from local_host.engine.payload import payload
from local_host.engine.status import RuntimeStatus
from local_host.engine.views import InstanceStatus
from local_host.engine.walk import walk
from local_host.engine.walk_result import NonDeterministic, WalkResult

_FORMAT_VERSION = 1


class ReplayFailed(AssertionError):
    """The code does not go the way that the recorded history went."""


def make_recording(status: InstanceStatus) -> dict[str, Any]:
    """Return the recording of an instance. status: with its history."""
    return {
        "format": _FORMAT_VERSION,
        "name": status.name,
        "instanceId": status.instance_id,
        "runtimeStatus": status.runtime_status.value,
        "input": status.input,
        "history": [dict(event) for event in status.history or ()],
    }


def replay(orchestrator: Any, recording: Mapping[str, Any]) -> None:
    """Run an orchestrator against a recorded history. Raises ReplayFailed at the first difference.

    orchestrator: the decorated function as it stands in the app's module, or the bare generator function.
    """
    if recording.get("format") != _FORMAT_VERSION:
        raise ValueError("This is no recording that this version can read; record the instance again.")
    history = History.parse([",".join(json.dumps(event) for event in recording["history"])])
    answer = _answer(_handle(orchestrator), _episode(recording, history))
    try:
        result = walk(answer.actions, history.events)
    except NonDeterministic as difference:
        raise ReplayFailed(f"{recording['name']} no longer replays: {difference}") from None
    _check_end(recording, answer, result)


def _episode(recording: Mapping[str, Any], history: History) -> Episode:
    started = next(event for event in history.events if event["EventType"] == EventType.EXECUTION_STARTED)
    parent = started.get("ParentInstance")
    instance = Instance(
        instance_id=recording["instanceId"],
        execution_id=started["OrchestrationInstance"]["ExecutionId"],
        name=recording["name"],
        version=started["Version"] or "",
        status=RuntimeStatus.RUNNING,
        input=recording["input"],
        parent=json.dumps(parent) if parent else None,
    )
    return Episode(
        instance=instance,
        history=history,
        at=history.last_started,
        incoming=(),
        consumed=(),
        status=RuntimeStatus.RUNNING,
    )


def _answer(handle: Callable[..., str], episode: Episode) -> Answer:
    try:
        return read_answer(handle(func.OrchestrationContext(payload(episode, DurableConfig()))))
    except Exception as error:
        failure = failure_of(error)
        answer = read_failure(failure)
        if answer is None:
            raise ReplayFailed(f"{episode.instance.name} failed while it replayed: {failure}") from error
        return answer


def _handle(orchestrator: Any) -> Callable[..., str]:
    """Return the SDK's handle inside a decorated function; a bare function gets one."""
    builder = getattr(orchestrator, "_function", None)
    found = builder.get_user_function() if builder is not None else orchestrator
    handle: Callable[..., str] = found if hasattr(found, "orchestrator_function") else Orchestrator.create(found)
    return handle


def _check_end(recording: Mapping[str, Any], answer: Answer, result: WalkResult) -> None:
    if not RuntimeStatus(recording["runtimeStatus"]).has_ended:
        return
    if result.new_work:
        work = result.new_work[0]
        raise ReplayFailed(
            f"{recording['name']} no longer replays: it now asks for {work.name or work.kind.name.lower()} (id {work.id}), "
            f"but the recorded instance had ended ({recording['runtimeStatus']}) without it."
        )
    if not (answer.is_done or answer.error):
        raise ReplayFailed(
            f"{recording['name']} no longer replays: it now waits for more, but the recorded instance had ended "
            f"({recording['runtimeStatus']})."
        )
