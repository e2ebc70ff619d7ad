"""PURE: one episode of one orchestration: its new messages, folded into its history.

`begin` folds the messages into the history: which of them count, and must the code run? If so, the worker runs it on
`payload.payload` and `decision.finish` turns its answer into new events and work to hand out, or an end; if not,
`decision.settle` does. Nothing in these modules reads a clock, a store or a random number: they are arguments.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from local_host.engine import history_events as h
from local_host.engine.history import History
from local_host.engine.history_events import COMPLETES, Event, EventType
from local_host.engine.rewind import without_failures
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import parse_time, time_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance as it was stored when its work was taken. parent: JSON text of the ParentInstance, or None."""

    instance_id: str
    execution_id: str
    name: str
    version: str
    status: RuntimeStatus
    input: str | None
    parent: str | None
    output: str | None = None
    custom_status: str | None = None

    @property
    def parent_instance(self) -> h.Fields | None:
        """The ParentInstance of a child."""
        parent: h.Fields | None = json.loads(self.parent) if self.parent else None
        return parent


@dataclass(frozen=True, slots=True)
class Message:
    """Something for an instance. execution_id: the only execution it is meant for; None when any will do."""

    seq: int
    execution_id: str | None
    event: Event


@dataclass(frozen=True, slots=True)
class InstanceWork:
    """An instance with its history and its unread messages in order of arrival."""

    instance: Instance
    history: History
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What the messages come to.

    at: the time of this episode. incoming: what joins the history. consumed: messages that are done with; the others
    wait for a resume. reason: of the last terminate, suspend or resume. rewound: the history is a rewritten one;
    children_to_rewind: whose failures were taken out of it.
    """

    instance: Instance
    history: History
    at: str
    incoming: Sequence[Event]
    consumed: Sequence[int]
    status: RuntimeStatus
    reason: str | None = None
    rewound: bool = False
    children_to_rewind: Sequence[str] = ()

    @property
    def runs_code(self) -> bool:
        """Whether something happened that the orchestrator can react to."""
        if self.status.has_ended or self.children_to_rewind:
            return False
        return any(event.type not in _LIFECYCLE for event in self.incoming)

    @property
    def is_noop(self) -> bool:
        """Whether all there is to do is to drop messages."""
        return not self.incoming


_LIFECYCLE = frozenset((EventType.EXECUTION_SUSPENDED, EventType.EXECUTION_RESUMED, EventType.EXECUTION_TERMINATED))


def begin(work: InstanceWork, now: datetime) -> Episode | None:
    """Fold the messages; None when all of them have to wait."""
    fold = _Fold(work)
    for message in _in_order(work):
        fold.take(message)
    return fold.episode(now)


def _in_order(work: InstanceWork) -> Sequence[Message]:
    """Put first what a new execution begins with: its start, then the events carried over to it."""
    if work.history.events:
        return work.messages
    return sorted(work.messages, key=lambda message: message.execution_id is None)


class _Fold:
    def __init__(self, work: InstanceWork) -> None:
        self.instance = work.instance
        self.history = work.history
        self.status = work.instance.status
        self.reason: str | None = None
        self.incoming: list[Event] = []
        self.consumed: list[int] = []
        self.held: list[Message] = []
        self.closed: set[int] = set()
        self.is_started = bool(work.history.events)
        self.rewound = False
        self.children_to_rewind: Sequence[str] = ()

    def take(self, message: Message) -> None:
        if self.status is RuntimeStatus.SUSPENDED and message.event.type not in _TAKEN_WHILE_SUSPENDED:
            self.held.append(message)
            return
        self.consumed.append(message.seq)
        if message.execution_id in (None, self.instance.execution_id):
            _TAKE[message.event.type](self, message.event)

    def start(self, event: Event) -> None:
        if not self.is_started and not self.status.has_ended:
            self.is_started = True
            self.status = RuntimeStatus.RUNNING
            self.incoming.append(event)

    def complete(self, event: Event) -> None:
        completed_id = event.fields[COMPLETES[event.type]]
        if completed_id in self.history.open_ids and completed_id not in self.closed:
            self.closed.add(completed_id)
            self.join(event)

    def join(self, event: Event) -> None:
        if not self.status.has_ended:
            self.incoming.append(event)

    def suspend(self, event: Event) -> None:
        if not self.status.has_ended:
            self.change(RuntimeStatus.SUSPENDED, event)

    def resume(self, event: Event) -> None:
        if self.status is RuntimeStatus.SUSPENDED:
            self.change(RuntimeStatus.RUNNING, event)
            held, self.held = self.held, []
            for message in held:
                self.take(message)

    def terminate(self, event: Event) -> None:
        if not self.status.has_ended:
            self.change(RuntimeStatus.TERMINATED, event)

    def change(self, status: RuntimeStatus, event: Event) -> None:
        self.status = status
        self.reason = event.fields.get("Reason", event.fields.get("Input"))
        self.incoming.append(event)

    def rewind(self, event: Event) -> None:
        if self.status is RuntimeStatus.FAILED:
            self.status = RuntimeStatus.RUNNING
            self.rewound = True
            self.history, self.children_to_rewind = without_failures(self.history)
            self.incoming.append(
                h.make_event(EventType.GENERIC_EVENT, event.fields["Timestamp"], Data=event.fields["Reason"])
            )

    def episode(self, now: datetime) -> Episode | None:
        if not self.consumed:
            return None
        return Episode(
            instance=self.instance,
            history=self.history,
            at=self.begins_at(now),
            incoming=self.incoming,
            consumed=self.consumed,
            status=self.status,
            reason=self.reason,
            rewound=self.rewound,
            children_to_rewind=self.children_to_rewind,
        )

    def begins_at(self, now: datetime) -> str:
        """Not before an earlier episode, nor before a timer of this one was due, whatever the machine's clock says."""
        floors = [event.fields[_FLOOR[event.type]] for event in self.incoming if event.type in _FLOOR]
        if self.history.last_started:
            floors.append(self.history.last_started)
        return time_text(max([now, *map(parse_time, floors)]))


_TAKEN_WHILE_SUSPENDED = frozenset((EventType.EXECUTION_RESUMED, EventType.EXECUTION_TERMINATED))

_FLOOR: Mapping[int, str] = {EventType.TIMER_FIRED: "FireAt", EventType.EXECUTION_STARTED: "Timestamp"}

_TAKE: Mapping[int, Callable[[_Fold, Event], None]] = {
    EventType.EXECUTION_STARTED: _Fold.start,
    EventType.EVENT_RAISED: _Fold.join,
    EventType.EXECUTION_SUSPENDED: _Fold.suspend,
    EventType.EXECUTION_RESUMED: _Fold.resume,
    EventType.EXECUTION_TERMINATED: _Fold.terminate,
    EventType.EXECUTION_REWOUND: _Fold.rewind,
    **dict.fromkeys(COMPLETES, _Fold.complete),
}
