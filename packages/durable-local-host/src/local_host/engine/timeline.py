"""PURE: a history as lines that a person reads from top to bottom, each with the time since the start.

The terminal prints them, and the page of an instance draws a bar beside each.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Event = Mapping[str, Any]

_MAX_INPUT_CHARS = 100
# Long enough for a reason to be read to its end.
_MAX_RESULT_CHARS = 500


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that happened; mark and style: what kind of thing.

    at_s: seconds since the first event. begun_s: when that began which ends here, else at_s. is_open: begins here and has not
    ended. is_answered: begins here and has a later line for its end.
    """

    at_s: float
    begun_s: float
    is_open: bool
    is_answered: bool
    mark: str
    style: str
    text: str

    @property
    def at(self) -> str:
        """Return how long after the first event the line begins."""
        return since(self.at_s)


def timeline(events: Sequence[Event]) -> Iterator[Line]:
    """Yield the lines of a timeline. events: `historyEvents` of a status query."""
    pairs = _Pairs(events)
    for event in events:
        mark, style, describe = _KINDS.get(event["EventType"], ("·", "dim", _unknown))
        answered = pairs.begin_of(event)
        if event["EventType"] == "EventRaised" and answered is not None:
            mark, style, text = _answer(event, answered)
        else:
            text = pairs.attempt(event) + describe(event)
        at_s = _seconds(events[0]["Timestamp"], event["Timestamp"])
        begun = event.get("ScheduledTime") or (answered or event)["Timestamp"]
        yield Line(
            at_s=at_s,
            begun_s=_seconds(events[0]["Timestamp"], begun),
            is_open=not pairs.are_over and (event["EventType"] in _SCHEDULED or pairs.is_open(event)),
            is_answered=pairs.is_answered(event),
            mark=mark,
            style=style,
            text=text,
        )


def since(seconds: float) -> str:
    """Return `+1.204 s`, and from an hour on `+1:02:03`."""
    if seconds < 3600:
        return f"+{seconds:.3f} s"
    hours, rest = divmod(int(seconds), 3600)
    return f"+{hours}:{rest // 60:02}:{rest % 60:02}"


class _Pairs:
    """Which events of a history belong together: timers with their firing, calls of entities with their answer, retries."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._begun = {_key(event): event for event in events if event["EventType"] in _BEGINS}
        self._ended = {_key(event) for event in events if event["EventType"] in _ENDS}
        self._failed_at: defaultdict[str, list[str]] = defaultdict(list)
        # Whatever has not come by then is not waited for any more, such as a timer that was cancelled.
        self.are_over = any(event["EventType"] in _OVER for event in events)

    def begin_of(self, event: Event) -> Event | None:
        return self._begun.get(_key(event)) if event["EventType"] in _ENDS else None

    def is_answered(self, event: Event) -> bool:
        return event["EventType"] in _BEGINS and _key(event) in self._ended

    def is_open(self, event: Event) -> bool:
        return event["EventType"] in _BEGINS and _key(event) not in self._ended and not _request(event).get("signal")

    def attempt(self, event: Event) -> str:
        """Return `attempt 2: ` for what failed before and was then tried again. Called for every event, in order."""
        kind, name = event["EventType"], str(event.get("FunctionName") or event.get("Name"))
        if kind not in _SCHEDULED and "ScheduledTime" not in event:
            return ""
        begun = event.get("ScheduledTime") or event["Timestamp"]
        failures = sum(at <= begun for at in self._failed_at[name])
        if kind.endswith("Failed"):
            self._failed_at[name].append(event["Timestamp"])
        elif kind not in _SCHEDULED:
            self._failed_at[name].clear()
        return f"attempt {failures + 1}: " if failures else ""


def _key(event: Event) -> tuple[str, str]:
    """Return a key that both events of a pair share."""
    kind = event["EventType"]
    if kind in ("TimerCreated", "TimerFired"):
        return "timer", event["FireAt"]
    return "request", str(_request(event).get("id") if kind == "EventSent" else event.get("Name"))


def _request(event: Event) -> dict[str, Any]:
    """Return what an orchestration sent to an entity; empty for everything else."""
    if event["EventType"] != "EventSent":
        return {}
    request = _decoded(event.get("Input"))
    return request if isinstance(request, dict) else {}


def _decoded(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _seconds(begun: str, at: str) -> float:
    return (datetime.fromisoformat(at) - datetime.fromisoformat(begun)).total_seconds()


def _short(value: Any, longest: int) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _with(event: Event, field: str) -> str:
    longest = _MAX_INPUT_CHARS if field == "Input" else _MAX_RESULT_CHARS
    return f": {_short(event[field], longest)}" if event.get(field) is not None else ""


def _took(event: Event) -> str:
    begun = event.get("ScheduledTime")
    if not begun:
        return ""
    return f" after {_seconds(begun, event['Timestamp']):.3f} s"


def trace_id_of(event: Event) -> str | None:
    """Return the trace in which an instance was started, from the event of its start; None where it has none."""
    parts = str((event.get("ParentTraceContext") or {}).get("TraceParent", "")).split("-")
    return parts[1] if len(parts) > 1 else None


def _started(event: Event) -> str:
    trace_id = trace_id_of(event)
    joined = f" in trace {trace_id}" if trace_id else ""
    return f"{event.get('FunctionName')} started{joined}{_with(event, 'Input')}"


def _completed(event: Event) -> str:
    return f"{event.get('FunctionName')} completed{_took(event)}{_with(event, 'Result')}"


def _failed(event: Event) -> str:
    return f"{event.get('FunctionName')} failed{_took(event)}{_with(event, 'Reason')}"


def _scheduled(event: Event) -> str:
    return f"{event.get('Name')} scheduled, not ended"


def _timer_created(event: Event) -> str:
    return f"timer set for {event['FireAt']}"


def _timer_fired(event: Event) -> str:
    return f"timer of {event['FireAt']} fired"


def _raised(event: Event) -> str:
    return f"event {event['Name']}{_with(event, 'Input')}"


def _sent(event: Event) -> str:
    return f"{_request(event).get('op') or event['Name']} sent to {event['InstanceId']}"


def _answer(event: Event, sent: Event) -> tuple[str, str, str]:
    """Return what an entity answered to a call, as mark, style and text."""
    answer = _decoded(event.get("Input"))
    value = _decoded(answer.get("result")) if isinstance(answer, dict) else answer
    failed = isinstance(answer, dict) and "exceptionType" in answer
    took = _seconds(sent["Timestamp"], event["Timestamp"])
    what = f"{_request(sent).get('op')} of {sent['InstanceId']}"
    text = f"{what} {'failed' if failed else 'completed'} after {took:.3f} s: {_short(value, _MAX_RESULT_CHARS)}"
    return ("✗", "red", text) if failed else ("✓", "green", text)


def _ended(event: Event) -> str:
    return f"ended as {event.get('OrchestrationStatus')}"


def _reason(what: str) -> Callable[[Event], str]:
    return lambda event: what + (_with(event, "Reason") or _with(event, "Input"))


def _unknown(event: Event) -> str:
    return str(event["EventType"])


_KINDS: Mapping[str, tuple[str, str, Callable[[Event], str]]] = {
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

_SCHEDULED = frozenset(("TaskScheduled", "SubOrchestrationInstanceCreated"))
# What begins and what ends under a name of its own; everything else is said by the end alone.
_BEGINS = frozenset(("TimerCreated", "EventSent"))
_ENDS = frozenset(("TimerFired", "EventRaised"))
_OVER = frozenset(("ExecutionCompleted", "ExecutionTerminated"))
