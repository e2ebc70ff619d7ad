"""PURE: the JSON bodies of the management API, made from what is stored. Keys, order and time format are the extension's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local_host.engine.compact_json import to_text
from local_host.engine.history_events import COMPLETES, EventType
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import time_text
from local_host.engine.views import EntityStatus, InstanceStatus

# The kinds of event that are shown, by the extension's name.
_EVENT_NAMES: Mapping[int, str] = {
    EventType.EXECUTION_STARTED: "ExecutionStarted",
    EventType.EXECUTION_COMPLETED: "ExecutionCompleted",
    EventType.EXECUTION_TERMINATED: "ExecutionTerminated",
    EventType.TASK_SCHEDULED: "TaskScheduled",
    EventType.TASK_COMPLETED: "TaskCompleted",
    EventType.TASK_FAILED: "TaskFailed",
    EventType.SUB_ORCHESTRATION_CREATED: "SubOrchestrationInstanceCreated",
    EventType.SUB_ORCHESTRATION_COMPLETED: "SubOrchestrationInstanceCompleted",
    EventType.SUB_ORCHESTRATION_FAILED: "SubOrchestrationInstanceFailed",
    EventType.TIMER_CREATED: "TimerCreated",
    EventType.TIMER_FIRED: "TimerFired",
    EventType.EVENT_SENT: "EventSent",
    EventType.EVENT_RAISED: "EventRaised",
    EventType.GENERIC_EVENT: "GenericEvent",
    EventType.EXECUTION_SUSPENDED: "ExecutionSuspended",
    EventType.EXECUTION_RESUMED: "ExecutionResumed",
    EventType.EXECUTION_REWOUND: "ExecutionRewound",
}
_STATUS_NAMES = {status.number: status.value for status in RuntimeStatus}
# Shown only until their completion is there, which then takes over what they say.
_SCHEDULED = frozenset((EventType.TASK_SCHEDULED, EventType.SUB_ORCHESTRATION_CREATED))
_TASK_ENDED = frozenset(kind for kind, field in COMPLETES.items() if field == "TaskScheduledId")


class ScheduledTwice(Exception):
    """A history holds two things of one number, as after a change of the code; the real host cannot show it."""

    def __init__(self, key: str) -> None:
        super().__init__(f"An item with the same key has already been added. Key: {key}")


def json_body(value: Any) -> bytes:
    """Return compact JSON, as the extension writes it. Half of a surrogate pair, which has no UTF-8, stays an escape."""
    return to_text(value).encode()


def status_body(
    status: InstanceStatus, *, show_input: bool = True, show_history: bool = False, show_history_output: bool = False
) -> dict[str, Any]:
    """Return the body of one instance. `historyEvents` is there only when asked for and the instance has begun."""
    body = {
        "name": status.name,
        "instanceId": status.instance_id,
        "runtimeStatus": status.runtime_status.value,
        "input": json_value(status.input) if show_input else None,
        "customStatus": json_value(status.custom_status),
        "output": json_value(status.output),
        "createdTime": whole_seconds(status.created_at),
        "lastUpdatedTime": whole_seconds(status.last_updated_at),
        **_origin(status),
    }
    if show_history and status.history is not None and status.runtime_status is not RuntimeStatus.PENDING:
        body["historyEvents"] = history_events(status.history, show_input=show_input, show_output=show_history_output)
    return body


def _origin(status: InstanceStatus) -> dict[str, Any]:
    """Return what an orchestration says of where it comes from; an entity has neither."""
    names = {"parentInstanceId": status.parent_instance_id, "version": status.version}
    return {name: value for name, value in names.items() if value}


def entity_body(entity: EntityStatus, *, fetch_state: bool) -> dict[str, Any]:
    """Return the body of one entity of a listing."""
    return {
        "entityId": {"name": entity.name, "key": entity.key},
        "lastOperationTime": time_text(entity.last_operation_at),
        "state": json_value(entity.state) if fetch_state else None,
    }


def json_value(text: str | None) -> Any:
    """Return the value of stored JSON text; text that is no JSON is shown as it is."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def whole_seconds(time: datetime) -> str:
    """Return a time without fractions, such as `2026-01-01T00:00:00Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def history_events(
    history: Sequence[Mapping[str, Any]], *, show_input: bool, show_output: bool
) -> list[dict[str, Any]]:
    """Return the history for people: starts folded into their ends, ids and bookkeeping left out."""
    scheduled = _scheduled(history)
    ended = {event["TaskScheduledId"] for event in history if event["EventType"] in _TASK_ENDED}
    shown = []
    for event in history:
        kind = event["EventType"]
        if kind not in _EVENT_NAMES or (kind in _SCHEDULED and event["EventId"] in ended):
            continue
        shown.append(_shown_event(event, scheduled, show_input=show_input, show_output=show_output))
    return shown


def _scheduled(history: Sequence[Mapping[str, Any]]) -> Mapping[int, Mapping[str, Any]]:
    """Return the scheduled events by their numbers. Raises ScheduledTwice."""
    scheduled: dict[int, Mapping[str, Any]] = {}
    for event in history:
        if event["EventType"] in _SCHEDULED:
            same = scheduled.setdefault(event["EventId"], event)
            if same is not event and same["EventType"] == event["EventType"]:
                raise ScheduledTwice(f"{_EVENT_NAMES[event['EventType']]}_{event['EventId']}")
    return scheduled


def _shown_event(
    event: Mapping[str, Any], scheduled: Mapping[int, Mapping[str, Any]], *, show_input: bool, show_output: bool
) -> dict[str, Any]:
    kind = event["EventType"]
    shown = {name: value for name, value in event.items() if name not in {"EventType", "EventId", "IsPlayed"}}
    shown = {"EventType": _EVENT_NAMES[kind], **shown}
    if kind in _TASK_ENDED:
        _fold_schedule(shown, scheduled.get(shown.pop("TaskScheduledId"), {}))
    elif kind in _SCHEDULED:
        shown.pop("Version", None)
    elif kind == EventType.EXECUTION_STARTED:
        _show_start(shown)
    elif kind == EventType.EXECUTION_COMPLETED:
        shown["OrchestrationStatus"] = _STATUS_NAMES[shown["OrchestrationStatus"]]
    elif kind == EventType.TIMER_FIRED:
        shown.pop("TimerId", None)
    if not show_input:
        shown.pop("Input", None)
    _show_result(shown, show_output=show_output)
    return shown


def _fold_schedule(shown: dict[str, Any], schedule: Mapping[str, Any]) -> None:
    shown["FunctionName"] = schedule.get("Name")
    shown["ScheduledTime"] = str(schedule.get("Timestamp")).replace("Z", "+00:00")
    if "InstanceId" in schedule:
        shown["InstanceId"] = schedule["InstanceId"]
    shown["Input"] = schedule.get("Input")


def _show_start(shown: dict[str, Any]) -> None:
    for name in ("OrchestrationInstance", "ParentInstance", "Version", "Tags"):
        shown.pop(name, None)
    shown["FunctionName"] = shown.pop("Name", None)


def _show_result(shown: dict[str, Any], *, show_output: bool) -> None:
    if "Result" not in shown:
        return
    text = shown.pop("Result")
    if show_output:
        shown["Result"] = json_value(text)
