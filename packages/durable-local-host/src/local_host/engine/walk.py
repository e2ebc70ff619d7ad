"""PURE: an orchestrator's actions, walked against its history. What stays unmatched is new work.

Two lists of actions are not compared. In every episode the whole list is replayed against the whole history: ids are
given out in the order in which the SDK gives them out, each completion resumes whatever waits for it at once, and a
scheduled event takes its action off the pending ones. The actions left at the end have never been scheduled.

Like the real host, the walk waits for one action after the other, success or failure alike; only retries look at which
of the two it was.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from local_host.engine.actions import Action, ActionType
from local_host.engine.determinism import missing_text, other_kind_text, other_name_text
from local_host.engine.future import Future, completed
from local_host.engine.history_events import EventType, Fields
from local_host.engine.timestamps import parse_time, time_text
from local_host.engine.walk_result import NonDeterministic, UnknownAction, WalkResult, Work


def walk(actions: Sequence[Action], history: Sequence[Fields]) -> WalkResult:
    """Match actions with the history. Raises NonDeterministic when an event has no action; UnknownAction."""
    state = _Walk(actions, history)
    for event in history:
        handle = _ON_EVENT.get(event["EventType"])
        if handle is not None:
            try:
                handle(state, event)
            except NonDeterministic as problem:
                problem.result = state.result()
                raise
    return state.result()


class _Walk:
    def __init__(self, actions: Sequence[Action], history: Sequence[Fields]) -> None:
        self._actions = iter(actions)
        self._requests = {e["EventId"]: e for e in history if e["EventType"] == EventType.EVENT_SENT}
        self._next_id = 0
        self._now = ""
        self._pending: dict[int, Work] = {}
        self._open: dict[int, Future] = {}
        self._waiters: dict[str, list[Future]] = {}
        self._buffered: Counter[str] = Counter()
        self._continue_as_new: Action | None = None
        self._carried: list[Fields] = []
        self._at_end = False

    def result(self) -> WalkResult:
        new_work = [self._pending[key] for key in sorted(self._pending)]
        return WalkResult(new_work, self._next_id, self._at_end, bool(self._open), self._continue_as_new, self._carried)

    def _advance(self) -> None:
        """Invoke actions one after the other, up to the first that has to be waited for."""
        for action in self._actions:
            future = self._invoke(action)
            if not future.is_done:
                future.then(self._advance)
                return
        self._at_end = True

    def _invoke(self, action: Action) -> Future:
        invoke = _INVOKE.get(action["actionType"])
        if invoke is None:
            raise UnknownAction(
                f"The orchestrator asks for an action of type {action['actionType']}, which this host does not know."
            )
        return invoke(self, action)

    # What each kind of action does.

    def call_task(self, action: Action) -> Future:
        return self._schedule(EventType.TASK_SCHEDULED, action)

    def call_child(self, action: Action) -> Future:
        return self._schedule(EventType.SUB_ORCHESTRATION_CREATED, action)

    def call_task_with_retry(self, action: Action) -> Future:
        return self._retry(EventType.TASK_SCHEDULED, action)

    def call_child_with_retry(self, action: Action) -> Future:
        return self._retry(EventType.SUB_ORCHESTRATION_CREATED, action)

    def create_timer(self, action: Action) -> Future:
        if not action["isCanceled"]:
            return self._timer(action, action["fireAt"])
        self._add(EventType.TIMER_CREATED, action, action["fireAt"], is_cancelled=True)
        return completed()

    def wait_for_event(self, action: Action) -> Future:
        name = action["externalEventName"].lower()
        if not self._buffered[name]:
            return self._wait(name)
        self._buffered[name] -= 1
        return completed()

    def call_entity(self, action: Action) -> Future:
        event_id = self._add(EventType.EVENT_SENT, action)
        sent = self._requests.get(event_id)
        # A request that is not sent yet has no GUID, and no reply either.
        return Future() if sent is None else self._wait(json.loads(sent["Input"])["id"].lower())

    def signal_entity(self, action: Action) -> Future:
        self._add(EventType.EVENT_SENT, action)
        return completed()

    def continue_as_new(self, action: Action) -> Future:
        self._continue_as_new = action
        return completed()

    def when_all(self, action: Action) -> Future:
        children = [self._invoke(child) for child in action["compoundActions"]]
        left = len(children)
        future = Future()

        def one_less() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                future.complete()

        for child in children:
            child.then(one_less)
        return future if children else completed()

    def when_any(self, action: Action) -> Future:
        children = [self._invoke(child) for child in action["compoundActions"]]
        future = Future()
        for child in children:
            child.then(future.complete)
        return future if children else completed()

    # Building blocks of the above.

    def _add(self, kind: EventType, action: Action, fire_at: str = "", *, is_cancelled: bool = False) -> int:
        event_id = self._next_id
        self._next_id += 1
        self._pending[event_id] = Work(event_id, kind, action, fire_at, is_cancelled)
        return event_id

    def _schedule(self, kind: EventType, action: Action, fire_at: str = "") -> Future:
        return self._opened(self._add(kind, action, fire_at))

    def _opened(self, event_id: int) -> Future:
        future = self._open[event_id] = Future()
        return future

    def _timer(self, action: Action, fire_at: str) -> Future:
        return self._schedule(EventType.TIMER_CREATED, action, fire_at)

    def _wait(self, name: str) -> Future:
        future = Future()
        self._waiters.setdefault(name, []).append(future)
        return future

    def _retry(self, kind: EventType, action: Action) -> Future:
        """Walk attempts with a timer after each failure. The last failure, too, is reported only after a timer."""
        interval = timedelta(milliseconds=action["retryOptions"]["firstRetryIntervalInMilliseconds"])
        attempts_left = max_attempts = action["retryOptions"]["maxNumberOfAttempts"]
        outcome = Future()

        def attempt() -> None:
            nonlocal attempts_left
            attempts_left -= 1
            number = self._add(kind, action)
            tries = {"attempt": max_attempts - attempts_left, "max_attempts": max_attempts}
            self._pending[number] = replace(self._pending[number], **tries)
            future = self._opened(number)
            future.then(lambda: pause() if future.is_failed else outcome.complete())

        def pause() -> None:
            wait = interval if attempts_left > 0 else timedelta()
            timer = self._timer(_RETRY_TIMER, time_text(parse_time(self._now) + wait))
            timer.then(attempt if attempts_left > 0 else lambda: outcome.complete(failed=True))

        attempt()
        return outcome

    # What each kind of event does.

    def orchestrator_started(self, event: Fields) -> None:
        self._now = event["Timestamp"]

    def execution_started(self, _: Fields) -> None:
        self._advance()

    def scheduled(self, event: Fields) -> None:
        work = self._pending.get(event["EventId"])
        if work is None:
            raise NonDeterministic(missing_text(event))
        if work.kind != event["EventType"]:
            raise NonDeterministic(other_kind_text(event, work.kind))
        if work.name and work.name.lower() != (event["Name"] or "").lower():
            raise NonDeterministic(other_name_text(event, work.name))
        del self._pending[work.id]

    def succeeded(self, event: Fields) -> None:
        self._resolve(event["TaskScheduledId"], failed=False)

    def failed(self, event: Fields) -> None:
        self._resolve(event["TaskScheduledId"], failed=True)

    def timer_fired(self, event: Fields) -> None:
        self._resolve(event["TimerId"], failed=False)

    def event_raised(self, event: Fields) -> None:
        name = event["Name"].lower()
        if self._continue_as_new is not None:
            self._carried.append(event)
        elif waiters := self._waiters.get(name):
            waiters.pop().complete()
        else:
            self._buffered[name] += 1

    def _resolve(self, event_id: int, *, failed: bool) -> None:
        future = self._open.pop(event_id, None)
        if future is not None:
            future.complete(failed=failed)


_RETRY_TIMER: Action = {"actionType": ActionType.CREATE_TIMER}

_INVOKE: Mapping[int, Callable[[_Walk, Action], Future]] = {
    ActionType.CALL_ACTIVITY: _Walk.call_task,
    ActionType.CALL_ACTIVITY_WITH_RETRY: _Walk.call_task_with_retry,
    ActionType.CALL_SUB_ORCHESTRATOR: _Walk.call_child,
    ActionType.CALL_SUB_ORCHESTRATOR_WITH_RETRY: _Walk.call_child_with_retry,
    ActionType.CONTINUE_AS_NEW: _Walk.continue_as_new,
    ActionType.CREATE_TIMER: _Walk.create_timer,
    ActionType.WAIT_FOR_EXTERNAL_EVENT: _Walk.wait_for_event,
    ActionType.CALL_ENTITY: _Walk.call_entity,
    ActionType.CALL_HTTP: _Walk.call_task,
    ActionType.SIGNAL_ENTITY: _Walk.signal_entity,
    ActionType.WHEN_ANY: _Walk.when_any,
    ActionType.WHEN_ALL: _Walk.when_all,
}

_ON_EVENT: Mapping[int, Callable[[_Walk, Fields], None]] = {
    EventType.ORCHESTRATOR_STARTED: _Walk.orchestrator_started,
    EventType.EXECUTION_STARTED: _Walk.execution_started,
    EventType.TASK_SCHEDULED: _Walk.scheduled,
    EventType.SUB_ORCHESTRATION_CREATED: _Walk.scheduled,
    EventType.TIMER_CREATED: _Walk.scheduled,
    EventType.EVENT_SENT: _Walk.scheduled,
    EventType.TASK_COMPLETED: _Walk.succeeded,
    EventType.SUB_ORCHESTRATION_COMPLETED: _Walk.succeeded,
    EventType.TASK_FAILED: _Walk.failed,
    EventType.SUB_ORCHESTRATION_FAILED: _Walk.failed,
    EventType.TIMER_FIRED: _Walk.timer_fired,
    EventType.EVENT_RAISED: _Walk.event_raised,
}
