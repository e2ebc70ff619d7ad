"""PURE: where two recordings of one case differ, each place named by a path.

Lists of different length are aligned first, so that one event more is one difference: `historyEvents[+]` when only the
second recording has it, `historyEvents[-]` when only the first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

SECTIONS = ("problems", "client", "worker")
# The order of what runs in parallel, and how much of it one episode holds, differ between two runs of the real host.
UNORDERED = frozenset(
    (
        "fan-out",
        "fan-out-with-failures",
        "retry-fan-out",
        "sub-fan-out",
        "event-payloads",
        "queue-list-output",
        "entity-http-api",
        "entity-http-list",
        "continue-as-new-events",
    )
)
# Of two activities that fail at once, either may be the first, and the first is what the orchestrator catches.
_EITHER_FAILS_FIRST = {"fan-out-with-failures": {"OwnError": "ValueError", "own words": "boom"}}
# How many characters of a long text a recording keeps, and what it has in place of the rest.
_KEPT = 300
_CUT = " characters, sha256 "
_WORKER_FRAME = re.compile(
    r'  File <(?:dispatcher|thread|extension|meta|durable_functions)\.py>, in (?:(?!  File <|",|\\").)*', re.DOTALL
)
_ABSENT = "<absent>"
_OF_EPISODES = frozenset((12, 13))  # OrchestratorStarted, OrchestratorCompleted
_OF_BATCHES = frozenset(("history", "batch", "isReplaying"))
_OF_EVENTS = frozenset(("IsPlayed", "EventId", "TaskScheduledId", "TimerId"))


@dataclass(frozen=True)
class Difference:
    """path: `client/status/body/output`, with `[*]` for the index of a list; real, here: the two values."""

    path: str
    real: Any
    here: Any

    def __str__(self) -> str:
        return f"{self.path}\n    real {_shown(self.real)}\n    here {_shown(self.here)}"


def differences(case: str, real: Mapping[str, Any], here: Mapping[str, Any]) -> list[Difference]:
    """real, here: two recordings of that case."""
    found: list[Difference] = []
    for section in SECTIONS:
        first, second = real.get(section), here.get(section)
        if case in _EITHER_FAILS_FIRST:
            first, second = (_with_one_failure(each, _EITHER_FAILS_FIRST[case]) for each in (first, second))
        if case in UNORDERED:
            first, second = _without_order(first), _without_order(second)
        found += _differences(first, second, section)
    return found


def _differences(real: Any, here: Any, path: str) -> Iterator[Difference]:
    if isinstance(real, dict) and isinstance(here, dict):
        for name in sorted({*real, *here}):
            yield from _differences(real.get(name, _ABSENT), here.get(name, _ABSENT), f"{path}/{name}")
    elif isinstance(real, list) and isinstance(here, list):
        yield from _list_differences(real, here, path)
    elif type(real) is not type(here) or _compared(real) != _compared(here):
        yield Difference(path, real, here)


def _compared(value: Any) -> Any:
    """Return a text without the frames of the worker above the app's own, and of one that was cut what is left of it."""
    if not isinstance(value, str):
        return value
    text = _WORKER_FRAME.sub("", value)
    return text[:_KEPT] if _CUT in value else text


def _list_differences(real: Sequence[Any], here: Sequence[Any], path: str) -> Iterator[Difference]:
    if len(real) == len(here):
        for one, other in zip(real, here, strict=True):
            yield from _differences(one, other, f"{path}[*]")
        return
    matcher = SequenceMatcher(
        None, [_outline(each) for each in real], [_outline(each) for each in here], autojunk=False
    )
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        shared = min(i2 - i1, j2 - j1)
        for one, other in zip(real[i1 : i1 + shared], here[j1 : j1 + shared], strict=True):
            yield from _differences(one, other, f"{path}[*]")
        for one in real[i1 + shared : i2]:
            yield Difference(f"{path}[-]", one, _ABSENT)
        for other in here[j1 + shared : j2]:
            yield Difference(f"{path}[+]", _ABSENT, other)


def _outline(value: Any) -> str:
    """Return what makes two elements the same one, though they may differ in detail."""
    if isinstance(value, dict) and "EventType" in value:
        return f"{value['EventType']} {value.get('FunctionName') or value.get('Name')}"
    if isinstance(value, dict) and "given" in value:
        return f"episode {len(value['given'].get('history') or value['given'].get('batch') or ())}"
    return json.dumps(value, sort_keys=True)


def _with_one_failure(value: Any, words: Mapping[str, str]) -> Any:
    """Return the error that an orchestrator caught, `{"error": ..., "text": ...}`, in the words of the other one.

    Events stay as they are.
    """
    if isinstance(value, list):
        return [_with_one_failure(each, words) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _with_one_failure(each, words) for name, each in value.items()}
    if isinstance(value.get("text"), str):
        for word, other in words.items():
            inner["text"] = inner["text"].replace(word, other)
    return inner


def _without_order(value: Any) -> Any:
    """Return lists sorted, and the episodes of an instance as all that they hold together."""
    if isinstance(value, dict):
        return {name: _without_order(inner) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    if value and all(isinstance(each, dict) and "given" in each for each in value):
        return _episodes_as_one(value)
    elements = [_without_order(_without_numbers(each)) for each in value]
    return sorted(elements, key=lambda each: json.dumps(each, sort_keys=True))


def _episodes_as_one(episodes: Sequence[Mapping[str, Any]]) -> Any:
    last = episodes[-1]
    if "batch" in last["given"]:
        return _batches_as_one(episodes)
    events = [event for event in last["given"].get("history", ()) if event["EventType"] not in _OF_EPISODES]
    given = {name: value for name, value in last["given"].items() if name not in _OF_BATCHES}
    return {**last, "given": {**given, "history": _without_order(events)}}


def _batches_as_one(batches: Sequence[Mapping[str, Any]]) -> Any:
    """Return the operations of an entity in their order, and its state before the first and after the last of them."""
    operations = [operation for each in batches for operation in each["given"]["batch"]]
    results = [result for each in batches for result in each["answered"]["results"]]
    last = batches[-1]
    return {
        **last,
        "given": {**batches[0]["given"], "batch": operations},
        "answered": {**last["answered"], "results": results},
    }


def _without_numbers(value: Any) -> Any:
    """Return an event without what says when it came."""
    if not isinstance(value, dict) or "EventType" not in value:
        return value
    return {name: inner for name, inner in value.items() if name not in _OF_EVENTS}


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:400]
