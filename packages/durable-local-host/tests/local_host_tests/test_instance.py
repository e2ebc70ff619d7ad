"""How messages fold into a history: which of them count, and whether the code has to run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from local_host.engine import history_events as h
from local_host.engine.history import History
from local_host.engine.history_events import Event, EventType, make_event
from local_host.engine.instance import Episode, InstanceWork, Message, begin
from local_host.engine.outcome import started
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import time_text
from local_host_tests.pure_host import START, an_instance

AT = time_text(START)
SUSPEND = make_event(EventType.EXECUTION_SUSPENDED, AT, Reason="audit")
RESUME = make_event(EventType.EXECUTION_RESUMED, AT, Reason="fine")
TERMINATE = make_event(EventType.EXECUTION_TERMINATED, AT, Input="enough")
RAISED = h.event_raised(AT, "E", "1")
START_EVENT = started(an_instance(), AT)


def waiting_for_activity(task_id: int = 0) -> History:
    history = History.empty()
    history.extend(
        [
            make_event(EventType.ORCHESTRATOR_STARTED, AT),
            START_EVENT,
            make_event(EventType.TASK_SCHEDULED, AT, task_id, Name="A", Version="", Input=None),
            make_event(EventType.ORCHESTRATOR_COMPLETED, AT),
        ]
    )
    return history


def fold(
    *events: Event | tuple[str | None, Event],
    history: History | None = None,
    status: RuntimeStatus = RuntimeStatus.RUNNING,
) -> Episode | None:
    """Return the events in order of arrival; one in a pair is meant for the execution named there."""
    pairs = [event if isinstance(event, tuple) else (None, event) for event in events]
    messages = [Message(seq, execution, event) for seq, (execution, event) in enumerate(pairs)]
    known = waiting_for_activity() if history is None else history
    return begin(InstanceWork(an_instance(status=status), known, messages), START)


def types(episode: Episode | None) -> list[int]:
    assert episode is not None
    return [event.type for event in episode.incoming]


@pytest.mark.parametrize(
    ("event", "counts"),
    [
        (("e0", h.task_completed(AT, 0, "1")), True),
        (("other", h.task_completed(AT, 0, "1")), False),
        (("e0", h.task_completed(AT, 7, "1")), False),
        (("e0", START_EVENT), False),
        ((None, RAISED), True),
    ],
    ids=["open task", "task of another execution", "task that was not scheduled", "second start", "event"],
)
def test_a_message_counts_only_if_it_is_meant_for_what_is_there(event: tuple[str | None, Event], counts: bool) -> None:
    episode = fold(event)

    assert (len(types(episode)) == 1) is counts
    assert episode is not None
    assert (list(episode.consumed), episode.is_noop) == ([0], not counts)


def test_the_second_copy_of_a_completion_is_dropped() -> None:
    completion = ("e0", h.task_completed(AT, 0, "1"))

    assert types(fold(completion, completion)) == [EventType.TASK_COMPLETED]


def test_a_start_comes_before_events_that_overtook_it() -> None:
    episode = fold(RAISED, ("e0", START_EVENT), history=History.empty(), status=RuntimeStatus.PENDING)

    assert types(episode) == [EventType.EXECUTION_STARTED, EventType.EVENT_RAISED]


def test_while_suspended_only_resume_and_terminate_take_effect() -> None:
    assert fold(RAISED, status=RuntimeStatus.SUSPENDED) is None
    assert types(fold(RAISED, RESUME, status=RuntimeStatus.SUSPENDED)) == [
        EventType.EXECUTION_RESUMED,
        EventType.EVENT_RAISED,
    ]
    assert types(fold(RAISED, TERMINATE, status=RuntimeStatus.SUSPENDED)) == [EventType.EXECUTION_TERMINATED]


def test_what_follows_a_suspend_in_one_batch_waits_and_what_came_before_runs() -> None:
    episode = fold(("e0", h.task_completed(AT, 0, "1")), SUSPEND, RAISED)

    assert episode is not None
    assert (types(episode), list(episode.consumed)) == (
        [EventType.TASK_COMPLETED, EventType.EXECUTION_SUSPENDED],
        [0, 1],
    )
    assert (episode.status, episode.reason, episode.runs_code) == (RuntimeStatus.SUSPENDED, "audit", True)


@pytest.mark.parametrize(
    ("events", "runs_code"),
    [((SUSPEND,), False), ((SUSPEND, RESUME), False), ((RAISED, TERMINATE), False), ((RAISED,), True)],
)
def test_code_runs_only_when_there_is_something_it_can_react_to(events: tuple[Event, ...], runs_code: bool) -> None:
    episode = fold(*events)

    assert episode is not None
    assert episode.runs_code is runs_code


def test_messages_to_an_ended_instance_are_dropped() -> None:
    episode = fold(RAISED, TERMINATE, SUSPEND, RESUME, status=RuntimeStatus.COMPLETED)

    assert episode is not None
    assert (episode.is_noop, list(episode.consumed)) == (True, [0, 1, 2, 3])


def test_an_episode_does_not_begin_before_its_timer_was_due_or_an_earlier_one_began() -> None:
    history = History.empty()
    later = time_text(START + timedelta(hours=1))
    history.extend(
        [
            make_event(EventType.ORCHESTRATOR_STARTED, AT),
            START_EVENT,
            make_event(EventType.TIMER_CREATED, AT, 0, FireAt=later),
            make_event(EventType.ORCHESTRATOR_COMPLETED, AT),
        ]
    )
    timer = fold(("e0", h.timer_fired(AT, 0, later)), history=history)
    history.last_started = time_text(START + timedelta(hours=2))
    event = fold(RAISED, history=history)

    assert timer is not None
    assert event is not None
    assert (timer.at, event.at) == (later, history.last_started)


def test_a_stored_history_reads_back_as_it_was() -> None:
    history = waiting_for_activity(3)
    read = History.parse(history.episodes)

    assert (read.events, read.episodes) == (
        [{**event, "IsPlayed": event["EventType"] == 0} for event in history.events],
        history.episodes,
    )
    assert (read.open_ids, read.last_started) == ({3}, AT)
