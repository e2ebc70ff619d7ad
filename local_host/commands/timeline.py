"""PURE: a history as lines that a person reads from top to bottom, each with the time since the start."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_LONGEST_VALUE = 100


@dataclass(frozen=True)
class Line:
    """at: `+1.204 s` since the first event; mark and style: what kind of thing happened."""

    at: str
    mark: str
    style: str
    text: str


def timeline(events: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """events: `historyEvents` of a status query."""
    begun = _moment(events[0]["Timestamp"]) if events else None
    for event in events:
        mark, style, describe = _KINDS.get(event["EventType"], ("·", "dim", _unknown))
        if begun is not None:
            yield Line(_since(begun, event["Timestamp"]), mark, style, describe(event))


def _since(begun: datetime, at: str) -> str:
    seconds = (_moment(at) - begun).total_seconds()
    if seconds < 3600:
        return f"+{seconds:.3f} s"
    hours, rest = divmod(int(seconds), 3600)
    return f"+{hours}:{rest // 60:02}:{rest % 60:02}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _with(event: Mapping[str, Any], field: str) -> str:
    return f": {_short(event[field])}" if event.get(field) is not None else ""


def _took(event: Mapping[str, Any]) -> str:
    begun = event.get("ScheduledTime")
    if not begun:
        return ""
    return f" after {(_moment(event['Timestamp']) - _moment(begun)).total_seconds():.3f} s"


def _started(event: Mapping[str, Any]) -> str:
    return f"{event.get('FunctionName')} started{_with(event, 'Input')}"


def _completed(event: Mapping[str, Any]) -> str:
    return f"{event.get('FunctionName')} completed{_took(event)}{_with(event, 'Result')}"


def _failed(event: Mapping[str, Any]) -> str:
    return f"{event.get('FunctionName')} failed{_took(event)}{_with(event, 'Reason')}"


def _scheduled(event: Mapping[str, Any]) -> str:
    return f"{event.get('Name')} scheduled, not ended"


def _timer_created(event: Mapping[str, Any]) -> str:
    return f"timer set for {event['FireAt']}"


def _timer_fired(event: Mapping[str, Any]) -> str:
    return f"timer of {event['FireAt']} fired"


def _raised(event: Mapping[str, Any]) -> str:
    return f"event {event['Name']}{_with(event, 'Input')}"


def _sent(event: Mapping[str, Any]) -> str:
    return f"{event['Name']} sent to {event['InstanceId']}"


def _ended(event: Mapping[str, Any]) -> str:
    return f"ended as {event.get('OrchestrationStatus')}"


def _reason(what: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda event: what + (_with(event, "Reason") or _with(event, "Input"))


def _unknown(event: Mapping[str, Any]) -> str:
    return str(event["EventType"])


_KINDS: Mapping[str, tuple[str, str, Callable[[Mapping[str, Any]], str]]] = {
    "ExecutionStarted": ("▶", "bold", _started),
    "ExecutionCompleted": ("■", "bold", _ended),
    "ExecutionTerminated": ("■", "magenta", _reason("terminated")),
    "ExecutionSuspended": ("‖", "yellow", _reason("suspended")),
    "ExecutionResumed": ("▶", "yellow", _reason("resumed")),
    "ExecutionRewound": ("«", "yellow", _reason("rewound")),
    "TaskScheduled": ("…", "cyan", _scheduled),
    "TaskCompleted": ("✓", "green", _completed),
    "TaskFailed": ("✗", "red", _failed),
    "SubOrchestrationInstanceCreated": ("…", "cyan", _scheduled),
    "SubOrchestrationInstanceCompleted": ("✓", "green", _completed),
    "SubOrchestrationInstanceFailed": ("✗", "red", _failed),
    "TimerCreated": ("◷", "dim", _timer_created),
    "TimerFired": ("◷", "", _timer_fired),
    "EventRaised": ("✉", "cyan", _raised),
    "EventSent": ("→", "cyan", _sent),
}
