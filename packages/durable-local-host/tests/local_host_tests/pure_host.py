"""Runs one orchestrator on the pure core alone, without store, clock or loop: the test chooses what happens when.

Each `step` hands messages to `begin`, runs the real SDK on the payload and lets `finish` decide. What it schedules
piles up in `open`, from which the test takes completions in any order it likes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import azure.durable_functions as df

from local_host.engine import history_events as h
from local_host.engine.actions import Answer, read_answer, read_failure
from local_host.engine.config import DurableConfig
from local_host.engine.decision import fail, finish, settle
from local_host.engine.errors import UserCodeFailed
from local_host.engine.executor import FunctionKind
from local_host.engine.history import History
from local_host.engine.history_events import Event
from local_host.engine.instance import Episode, Instance, InstanceWork, Message, begin
from local_host.engine.outcome import (
    ActivityTask,
    ChildStart,
    DueTimer,
    EntityRequest,
    Outcome,
    Surroundings,
    started,
)
from local_host.engine.payload import payload
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import parse_time, time_text

START = datetime(2026, 1, 1, tzinfo=UTC)


class EverythingExists:
    """Functions: every name is known."""

    def find(self, kind: FunctionKind, name: str) -> str | None:
        return name

    def left_out(self, kind: FunctionKind, name: str) -> str | None:
        return None

    def is_disabled(self, kind: FunctionKind, name: str) -> bool:
        return False

    def names(self, kind: FunctionKind) -> Sequence[str]:
        return []


def an_instance(**changes: Any) -> Instance:
    instance = Instance(
        instance_id="abc",
        execution_id="e0",
        name="orch",
        version="",
        status=RuntimeStatus.PENDING,
        input=None,
        parent=None,
    )
    return replace(instance, **changes)


class PureHost:
    """One instance. open: makers of the messages that would complete what is scheduled, by sequence number."""

    def __init__(self, orchestrator: Callable[[Any], Any], value: Any = None) -> None:
        self._handle = df.Orchestrator.create(orchestrator)
        self._ids = count(1)
        self._seqs = count(1)
        self.now = START
        self.instance = an_instance(input=json.dumps(json.dumps(value)))
        self.history = History.empty()
        self.outcome: Outcome | None = None
        self.open: dict[int, Callable[[], Event]] = {}
        self._runs: Counter[str] = Counter()
        self.step(started(self.instance, time_text(self.now)))

    @property
    def has_ended(self) -> bool:
        return self.instance.status.has_ended

    @property
    def output(self) -> Any:
        assert self.outcome is not None
        return json.loads(self.outcome.output or "null")

    def step(self, *events: Event, execution_id: str | None = None) -> None:
        """One episode that receives these events."""
        messages = [Message(next(self._seqs), execution_id, event) for event in events]
        episode = begin(InstanceWork(self.instance, self.history, messages), self.now)
        if episode is not None and not episode.is_noop:
            self._store(self._decide(episode))

    def complete(self, event_id: int) -> Event:
        """Take the completion of what was scheduled under that number; pass it to `step`."""
        return self.open.pop(event_id)()

    def _decide(self, episode: Episode) -> Outcome:
        around = Surroundings(
            functions=EverythingExists(),
            config=DurableConfig(),
            now=self.now,
            new_id=lambda: f"00000000-0000-0000-0000-{next(self._ids):012}",
        )
        if not episode.runs_code:
            return settle(episode, around)
        answer = self._run(payload(episode, DurableConfig()))
        return finish(episode, answer, around) if answer else fail(episode, "unlabelled", around)

    def _run(self, text: str) -> Answer | None:
        try:
            return read_answer(self._handle(text))
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            return read_failure(UserCodeFailed(type(error).__name__, str(error)))

    def _store(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.history = outcome.episode.history
        self.history.extend(outcome.events)
        self.instance = replace(self.instance, status=outcome.status)
        self._hand_out(outcome)
        if outcome.continued is not None:
            self._begin_next_run(outcome, outcome.continued)

    def _begin_next_run(self, outcome: Outcome, following: Instance) -> None:
        self.instance, self.history, self.open = following, History.empty(), {}
        self.step(*(message.event for message in outcome.messages), execution_id=following.execution_id)

    def _hand_out(self, outcome: Outcome) -> None:
        for task in outcome.activities:
            self.open[task.task_id] = partial(self._end_of_activity, task)
        for timer in outcome.timers:
            self.open[timer.timer_id] = partial(self._fire, timer)
        for child in outcome.children:
            self.open[child.parent_task_id] = partial(self._end_of_child, child)
        for request in outcome.requests:
            if request.caller is not None:
                self.open[-next(self._seqs)] = partial(self._reply, request)

    def _end_of_activity(self, task: ActivityTask) -> Event:
        value = json.loads(task.input)
        if self._fails(value):
            return h.task_failed(self._at, task.task_id, "failed", "{}")
        return h.task_completed(self._at, task.task_id, task.input)

    def _end_of_child(self, child: ChildStart) -> Event:
        value = json.loads(json.loads(child.instance.input or "null"))
        if self._fails(value):
            return h.child_failed(self._at, child.parent_task_id, "failed", "{}")
        return h.child_completed(self._at, child.parent_task_id, json.dumps(value))

    def _reply(self, request: EntityRequest) -> Event:
        return h.event_raised(self._at, request.request_id, json.dumps({"result": "null"}))

    def _fire(self, timer: DueTimer) -> Event:
        self.now = max(self.now, parse_time(timer.fire_at)) + timedelta(milliseconds=1)
        return h.timer_fired(self._at, timer.timer_id, timer.fire_at)

    def _fails(self, value: dict[str, Any]) -> bool:
        """{"label": x, "failures": n} fails n times before it succeeds."""
        self._runs[value["label"]] += 1
        return bool(self._runs[value["label"]] <= value["failures"])

    @property
    def _at(self) -> str:
        return time_text(self.now)
