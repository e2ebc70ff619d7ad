"""Wait for a person's decision: reminders and escalations meanwhile, a default at the end, and no event that ends the listening.

An event only brings the early message of a decision; the one that holds is stored, insert-once, by the activity that the workflow
calls next.

An instance listens from its first step on, with several waits for each name. Both follow from the SDK: it keeps an event that
comes before its wait, but only the last one of a name, and hands that to every later wait of the name. A wait that is opened again
after an event that was no decision could get the same event for ever. Waits that are open from the start get one event each.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import count
from typing import Any, Final, TypeVar

import azure.durable_functions as df

from domain.workflows.approval_wait import IgnoredEvent
from domain.workflows.decision_words import shown_payload
from orchestrators.kernel.event_log import log_ignored_event
from orchestrators.kernel.retry import Wait
from orchestrators.kernel.tasks import DurableTask
from orchestrators.kernel.workflow_run import WorkflowRun

MAX_EVENTS: Final = 10
"""How many events of one name an instance reads. The platform stores the others, too; nothing else is done with them."""

D = TypeVar("D")


class DecisionInbox:
    """The events that may bring a decision, each read once and in the order in which they came."""

    def __init__(self, context: df.DurableOrchestrationContext, names: tuple[str, ...]) -> None:
        self._waits: dict[str, list[DurableTask]] = {
            name: [context.wait_for_external_event(name) for _ in range(MAX_EVENTS)] for name in names
        }

    @property
    def waits(self) -> list[DurableTask]:
        """Every wait that no event has completed."""
        return [wait for waits in self._waits.values() for wait in waits if not wait.is_completed]

    def waits_for(self, names: tuple[str, ...]) -> list[DurableTask]:
        """Return the waits for these names that no event has completed."""
        return [wait for name in names for wait in self._waits[name] if not wait.is_completed]

    def unread(self, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        """Yield name and payload of each event that has come and was not read yet."""
        for name in names:
            # The newest wait gets the oldest event, in the SDK and in the host.
            while self._waits[name] and self._waits[name][-1].is_completed:
                yield name, self._waits[name].pop().result

    def is_used_up(self, name: str) -> bool:
        """Return whether no further event of this name is read."""
        return not self._waits[name]


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """What is done at a time while no decision has come: a mail is sent again, or to one more person."""

    at: datetime
    ring: Callable[[], Wait]


def alarms_every(
    pause_s: int, since: datetime, ring: Callable[[int], Wait], most: int | None = None
) -> Iterator[Alarm]:
    """Yield an alarm after each pause.

    Args:
        pause_s: Seconds between two.
        since: When the wait was opened.
        ring: What the alarm does, by its number from 1.
        most: How many there are; None for as long as the wait lasts.
    """
    for number in count(1) if most is None else range(1, most + 1):
        yield Alarm(at=since + timedelta(seconds=number * pause_s), ring=_numbered(ring, number))


def first_decision(
    run: WorkflowRun,
    inbox: DecisionInbox,
    names: tuple[str, ...],
    *,
    until: datetime,
    alarms: tuple[Iterator[Alarm], ...],
    read: Callable[[Any], D | None],
    ignored: Callable[[IgnoredEvent], None],
) -> Generator[DurableTask, Any, D | None]:
    """Return the first decision that comes; None: out of time, or cancelled.

    Args:
        run: Its cancellation ends the wait.
        inbox: Of the instance.
        names: The events that may bring this decision.
        until: When the time is over.
        alarms: What is done meanwhile. Those that are due when the wait begins rang in an instance before this one.
        read: Returns what a payload decides, None for no decision.
        ignored: Shows an event that is none.
    """
    context = run.context
    begun, number = context.current_utc_datetime, 0
    coming = (alarm for alarm in merge(*alarms, key=_time_of) if alarm.at > begun)
    alarm, timer = next(coming, None), None
    while True:
        for name, payload in inbox.unread(names):
            decision = read(payload)
            if decision is not None:
                _cancel(timer)
                return decision
            number += 1
            ignored(_ignored_event(run, inbox, name, payload, number))
        if run.cancelled_by is not None:
            _cancel(timer)
            return None
        if timer is None:
            timer = context.create_timer(until if alarm is None else min(alarm.at, until))
        cancellation = [] if run.cancellation is None else [run.cancellation]
        yield context.task_any([*inbox.waits_for(names), *cancellation, timer])
        if timer.is_completed:
            timer = None
            if context.current_utc_datetime >= until:
                return None
            if alarm is not None:
                yield from alarm.ring()
                alarm = next(coming, None)


def _ignored_event(run: WorkflowRun, inbox: DecisionInbox, name: str, payload: Any, number: int) -> IgnoredEvent:
    event = IgnoredEvent(
        name=name,
        content=shown_payload(payload),
        read_at=run.context.current_utc_datetime,
        number=number,
        is_last=True if inbox.is_used_up(name) else None,
    )
    log_ignored_event(run.context, run.workflow, run.key, event)
    return event


def _numbered(ring: Callable[[int], Wait], number: int) -> Callable[[], Wait]:
    return lambda: ring(number)


def _time_of(alarm: Alarm) -> datetime:
    return alarm.at


def _cancel(timer: Any) -> None:
    """Cancel a timer that is still open, or the instance could not end."""
    if timer is not None:
        timer.cancel()
