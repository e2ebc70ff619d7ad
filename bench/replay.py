"""The floor under an order: what the SDK alone needs to replay its history, episode by episode, in this process."""

import json
import time
from collections.abc import Callable, Sequence

from function_app import app

INCOMING = {0, 5, 6, 11, 15}  # ExecutionStarted, TaskCompleted, TaskFailed, TimerFired, EventRaised
SETTINGS = {
    "upperSchemaVersion": 1,
    "upperSchemaVersionNew": 2,
    "longRunningTimerIntervalDuration": "3.00:00:00",
    "maximumShortTimerDuration": "6.00:00:00",
    "defaultHttpAsyncRequestSleepTimeMillseconds": 30_000,
}


def orchestrator(name: str) -> Callable[[str], str]:
    """Return the SDK's handle of that orchestrator: history as JSON in, actions as JSON out."""
    (found,) = (function for function in app.get_functions() if function.get_function_name() == name)
    handle: Callable[[str], str] = found.get_user_function()
    return handle


def replay_seconds(handle: Callable[[str], str], order: str, episodes: Sequence[str]) -> float:
    """order: the input as JSON. episodes: the events of each, JSON without the brackets."""
    payloads = [_payload(order, episodes[:end]) for end in range(1, len(episodes) + 1)]
    started = time.perf_counter()
    for payload in payloads:
        handle(payload)
    return time.perf_counter() - started


def stored_steps(episodes: Sequence[str]) -> int:
    """How often the store was written for it: once per message that reached it, and once per episode."""
    events = json.loads(f"[{','.join(episodes)}]")
    return sum(event["EventType"] in INCOMING for event in events) + len(episodes)


def _payload(order: str, episodes: Sequence[str]) -> str:
    document = {
        "input": json.loads(order),
        "instanceId": "bench",
        "parentInstanceId": None,
        "isReplaying": len(episodes) > 1,
    }
    history = json.loads(f"[{','.join(episodes)}]")
    return json.dumps({"history": history, **document, **SETTINGS})
