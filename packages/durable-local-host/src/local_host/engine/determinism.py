"""PURE: the real host's words for a history that holds what the orchestrator, replayed, has not asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from local_host.engine.history_events import EventType, Fields

NON_DETERMINISM = "Non-Deterministic workflow detected: "
_BEFORE = f"{NON_DETERMINISM}A previous execution of this orchestration scheduled"
_CHANGED = "Was a change made to the orchestrator code after this instance had already started running?"
_MISSING = f"but the current replay execution hasn't (yet?) scheduled this task. {_CHANGED}"


def missing_text(event: Fields) -> str:
    """Describe code that asks for nothing where the history has that event."""
    return f"{_BEFORE} {_PAST[event['EventType']](event)} {_MISSING}"


def other_kind_text(event: Fields, kind: EventType) -> str:
    """Describe code that asks for something of another kind there."""
    return (
        f"{_past_of_other(event)}, but the current orchestration replay instead produced a {_ACTIONS[kind]} action "
        f"with this sequence number. {_CHANGED}"
    )


def other_name_text(event: Fields, name: str) -> str:
    """Describe code that asks for the same kind of thing under another name."""
    return (
        f"{_past_of_other(event)}, but the current orchestration replay instead scheduled "
        f"{_THINGS[event['EventType']]} named '{name}' with this sequence number.  {_CHANGED}"
    )


def _past_of_other(event: Fields) -> str:
    return f"{_BEFORE} {_THINGS[event['EventType']]} with sequence number {event['EventId']} named '{event.get('Name') or ''}'"


_THINGS: Mapping[int, str] = {
    EventType.TASK_SCHEDULED: "an activity task",
    EventType.SUB_ORCHESTRATION_CREATED: "a sub-orchestration task",
    EventType.TIMER_CREATED: "a timer task",
    EventType.EVENT_SENT: "a send event task",
}
_ACTIONS: Mapping[int, str] = {
    EventType.TASK_SCHEDULED: "ScheduleTaskOrchestratorAction",
    EventType.SUB_ORCHESTRATION_CREATED: "CreateSubOrchestrationAction",
    EventType.TIMER_CREATED: "CreateTimerOrchestratorAction",
    EventType.EVENT_SENT: "SendEventOrchestratorAction",
}
_PAST: Mapping[int, Callable[[Fields], str]] = {
    EventType.TASK_SCHEDULED: lambda e: (
        f"an activity task with sequence ID {e['EventId']} and name '{e['Name']}' (version '{e.get('Version') or ''}'),"
    ),
    EventType.SUB_ORCHESTRATION_CREATED: lambda e: (
        f"a sub-orchestration task with sequence ID {e['EventId']} and name '{e['Name']}' "
        f"(version '{e.get('Version') or ''}', instance ID '{e['InstanceId']}'),"
    ),
    EventType.TIMER_CREATED: lambda e: f"a timer task with sequence number {e['EventId']}",
    EventType.EVENT_SENT: lambda e: (
        f"a send event task with sequence ID {e['EventId']}, type 'EventSent' name '{e['Name']}', "
        f"instance ID '{e['InstanceId']}',"
    ),
}
