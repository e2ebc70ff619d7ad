"""PURE: a failed instance's history, as if the failures had not happened yet."""

from __future__ import annotations

from collections.abc import Sequence

from local_host.engine.history import History
from local_host.engine.history_events import Event, EventType, Fields, as_event, make_event


def without_failures(history: History) -> tuple[History, Sequence[str]]:
    """Return the history without its failures, and the ids of the children that failed.

    A failed activity goes with its scheduling, so that it is scheduled again under the same id. A failed child stays
    scheduled: it is rewound itself, and its completion is awaited.
    """
    failed = {e["TaskScheduledId"] for e in history.events if e["EventType"] == EventType.TASK_FAILED}
    failed_children = {
        e["TaskScheduledId"] for e in history.events if e["EventType"] == EventType.SUB_ORCHESTRATION_FAILED
    }

    def is_out(event: Fields) -> bool:
        return event["EventType"] in _FAILURES or (
            event["EventType"] == EventType.TASK_SCHEDULED and event["EventId"] in failed
        )

    cleaned = History.empty()
    cleaned.extend([_neutralised(e) if is_out(e) else as_event(e) for e in history.events])
    children = [
        e["InstanceId"]
        for e in history.events
        if e["EventType"] == EventType.SUB_ORCHESTRATION_CREATED and e["EventId"] in failed_children
    ]
    return cleaned, children


_FAILURES = frozenset((EventType.TASK_FAILED, EventType.SUB_ORCHESTRATION_FAILED, EventType.EXECUTION_COMPLETED))


def _neutralised(event: Fields) -> Event:
    return make_event(
        EventType.GENERIC_EVENT, event["Timestamp"], Data=f"Rewound: {EventType(event['EventType']).name}"
    )
