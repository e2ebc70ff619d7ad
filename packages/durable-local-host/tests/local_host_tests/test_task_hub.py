"""What every store promises: work is handed out once, completed whole or not at all, and survives the process."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from local_host.engine import history_events as h
from local_host.engine import steps
from local_host.engine.entity import fail
from local_host.engine.errors import InstanceExists, StoreUnavailable
from local_host.engine.faults import Faults
from local_host.engine.history_events import EventType, make_event
from local_host.engine.instance import InstanceWork, begin
from local_host.engine.outcome import ActivityTask, DueTimer, EntityRequest, Outcome, OutgoingMessage, started
from local_host.engine.status import RuntimeStatus
from local_host.engine.steps import WorkLost
from local_host.engine.task_hub import TaskHub
from local_host.engine.timestamps import time_text
from local_host_tests.pure_host import START, an_instance

AT = time_text(START)


@pytest.fixture(params=["memory", "file"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TaskHub]:
    hub = TaskHub.open(":memory:" if request.param == "memory" else tmp_path / "hub.db")
    yield hub
    hub.close()


class FailsOnDemand(Faults):
    is_failing = False

    def before_commit(self) -> None:
        if self.is_failing:
            raise sqlite3.OperationalError("database or disk is full")


async def start(hub: TaskHub, instance_id: str = "abc", execution_id: str = "e0", **more: Any) -> None:
    instance = an_instance(instance_id=instance_id, execution_id=execution_id)
    await hub.store(lambda tx: steps.start_instance(tx, instance, started(instance, AT), **more))


async def post(hub: TaskHub, event: h.Event, execution_id: str | None = None, instance_id: str = "abc") -> bool:
    return await hub.store(lambda tx: steps.post(tx, OutgoingMessage(instance_id, execution_id, event)))


def claim(hub: TaskHub) -> InstanceWork:
    work = hub.claim_instance()
    assert work is not None
    return work


def outcome_of(work: InstanceWork, status: RuntimeStatus = RuntimeStatus.RUNNING, **more: Any) -> Outcome:
    episode = begin(work, START)
    assert episode is not None
    events = [make_event(EventType.ORCHESTRATOR_STARTED, AT), *episode.incoming, *more.pop("events", [])]
    return Outcome(episode=episode, status=status, updated_at=AT, events=events, **more)


async def test_an_instance_is_claimed_once_with_everything_that_it_was_sent(hub: TaskHub) -> None:
    await start(hub)
    await post(hub, h.event_raised(AT, "E", "1"))
    work = claim(hub)

    assert [message.event.type for message in work.messages] == [0, 15]
    assert hub.claim_instance() is None


async def test_a_message_that_comes_while_it_is_worked_on_makes_it_ready_again(hub: TaskHub) -> None:
    await start(hub)
    work = claim(hub)
    await post(hub, h.event_raised(AT, "E", "1"))
    no_other = hub.claim_instance()
    await hub.complete_episode(outcome_of(work))
    again = claim(hub)

    assert no_other is None
    assert [message.event.type for message in again.messages] == [15]
    assert [event["EventType"] for event in again.history.events] == [12, 0]


async def test_an_abandoned_claim_is_handed_out_again_unchanged(hub: TaskHub) -> None:
    await start(hub)
    first = claim(hub)
    hub.abandon_instance(first)

    assert claim(hub).messages == first.messages


async def test_an_episode_of_what_was_rolled_back_takes_no_message_of_another_instance() -> None:
    """Instances are claimed before the commit of what they react to. When that fails, others get the numbers of their messages."""
    hub = TaskHub.open(":memory:", faults := FailsOnDemand())
    await start(hub, "x")
    await hub.complete_episode(outcome_of(claim(hub)))
    await start(hub, "y")
    await hub.complete_episode(outcome_of(claim(hub)))
    early: list[InstanceWork] = []
    hub.listen(lambda wakeups: early.append(claim(hub)) if "x" in wakeups.instances and not early else None)
    faults.is_failing = True
    with pytest.raises(StoreUnavailable):
        await post(hub, h.event_raised(AT, "ForX", "1"), instance_id="x")
    faults.is_failing = False
    await post(hub, h.event_raised(AT, "ForY", "2"), instance_id="y")
    with pytest.raises(WorkLost):
        await hub.complete_episode(outcome_of(early[0]))
    hub.abandon_instance(early[0])
    of_y = claim(hub)
    hub.close()

    assert [(of_y.instance.instance_id, message.event.fields["Name"]) for message in of_y.messages] == [("y", "ForY")]
    assert early[0].messages[0].seq == of_y.messages[0].seq, "else nothing was tried here"


async def test_a_completed_episode_hands_out_everything_it_scheduled(hub: TaskHub) -> None:
    await start(hub)
    outcome = outcome_of(
        claim(hub),
        activities=[ActivityTask(task_id=0, name="A", input="1")],
        timers=[DueTimer(timer_id=1, fire_at=AT, due=AT)],
        requests=[EntityRequest(entity_id="@e@k", request_id="r", operation="op", input="2")],
    )
    await hub.complete_episode(outcome)
    activity, batch = hub.claim_activity(), hub.claim_entity(10)

    assert activity is not None
    assert batch is not None
    assert (activity.name, activity.task_id, activity.input) == ("A", 0, "1")
    assert [operation.name for operation in batch.operations] == ["op"]
    assert hub.next_due() == AT


async def test_an_episode_of_a_replaced_execution_is_void_as_a_whole(hub: TaskHub) -> None:
    await start(hub)
    outcome = outcome_of(claim(hub), activities=[ActivityTask(task_id=0, name="A", input="1")])
    await start(hub, execution_id="e1", replace_live=True)
    with pytest.raises(WorkLost):
        await hub.complete_episode(outcome)

    assert hub.claim_activity() is None
    assert hub.history_of("abc").events == []


async def test_a_live_id_cannot_be_started_and_an_ended_one_can(hub: TaskHub) -> None:
    await start(hub)
    with pytest.raises(InstanceExists):
        await start(hub, execution_id="e1")
    await hub.complete_episode(outcome_of(claim(hub), RuntimeStatus.COMPLETED))
    await start(hub, execution_id="e2")

    assert claim(hub).instance.execution_id == "e2"


async def test_messages_reach_only_a_live_instance_and_only_the_execution_they_are_for(hub: TaskHub) -> None:
    await start(hub)
    event = h.event_raised(AT, "E", "1")
    posted = [await post(hub, event, execution) for execution in (None, "e0", "e1")]
    unknown = await post(hub, event, instance_id="missing")
    await hub.complete_episode(outcome_of(claim(hub), RuntimeStatus.COMPLETED))
    late = await post(hub, event)

    assert (posted, unknown, late) == ([True, True, False], False, False)


async def test_an_activity_is_completed_once(hub: TaskHub) -> None:
    await start(hub)
    await hub.complete_episode(outcome_of(claim(hub), activities=[ActivityTask(task_id=0, name="A", input="1")]))
    activity = hub.claim_activity()
    assert activity is not None
    await hub.complete_activity(activity, h.task_completed(AT, 0, "1"))
    await hub.complete_activity(activity, h.task_completed(AT, 0, "2"))

    assert [message.event.fields["Result"] for message in claim(hub).messages] == ["1"]


async def test_many_activities_are_handed_out_in_order_each_once(hub: TaskHub) -> None:
    await start(hub)
    tasks = [ActivityTask(task_id=number, name="A", input="1") for number in range(200)]
    await hub.complete_episode(outcome_of(claim(hub), activities=tasks))
    claimed = list(iter(hub.claim_activity, None))

    assert [activity.task_id for activity in claimed] == list(range(200))


async def test_timers_fire_when_due_and_go(hub: TaskHub) -> None:
    await start(hub)
    due = [time_text(START + timedelta(hours=hours)) for hours in (2, 1)]
    timers = [DueTimer(timer_id=number, fire_at=at, due=at) for number, at in enumerate(due)]
    await hub.complete_episode(outcome_of(claim(hub), timers=timers))
    await hub.fire_timers(START + timedelta(hours=1))

    assert [message.event.fields["TimerId"] for message in claim(hub).messages] == [1]
    assert hub.next_due() == due[0]


async def test_an_ended_instance_leaves_no_timers_and_no_messages(hub: TaskHub) -> None:
    await start(hub)
    await hub.complete_episode(outcome_of(claim(hub), timers=[DueTimer(timer_id=0, fire_at=AT, due=AT)]))
    await post(hub, h.event_raised(AT, "E", "1"))
    work = claim(hub)
    await post(hub, h.event_raised(AT, "E", "2"))
    await hub.complete_episode(outcome_of(work, RuntimeStatus.COMPLETED))

    assert (hub.next_due(), hub.read("instances_with_messages"), hub.has_ready_work) == ("", [], True)
    assert hub.claim_instance() is None


async def test_a_batch_keeps_the_state_and_the_order_of_operations(hub: TaskHub) -> None:
    for name in ("first", "second", "third"):
        request = EntityRequest(entity_id="@e@k", request_id=name, operation=name, input=None)
        await hub.store(partial(steps.add_operation, request=request))
    work = hub.claim_entity(2)
    assert work is not None
    await hub.complete_batch(replace(fail(work, "", AT), exists=True, state="7"), 2)
    rest = hub.claim_entity(2)

    assert [operation.name for operation in work.operations] == ["first", "second"]
    assert rest is not None
    assert ([operation.name for operation in rest.operations], rest.state) == (["third"], "7")


async def test_what_was_not_completed_is_handed_out_again_after_a_start(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    with closing(TaskHub.open(path)) as hub:
        await start(hub)
        request = EntityRequest(entity_id="@e@k", request_id="r", operation="op", input=None)
        activities = [ActivityTask(task_id=0, name="A", input="1")]
        await hub.complete_episode(outcome_of(claim(hub), activities=activities, requests=[request]))
        await post(hub, h.event_raised(AT, "E", "1"))
        claimed = (hub.claim_instance(), hub.claim_activity(), hub.claim_entity(10))
    with closing(TaskHub.open(path)) as hub:
        again = (hub.claim_instance(), hub.claim_activity(), hub.claim_entity(10))

    assert all(claimed)
    assert again[1:] == claimed[1:]
    assert again[0] is not None
    assert claimed[0] is not None
    assert again[0].messages == claimed[0].messages


async def test_readers_see_the_last_commit_while_the_next_one_is_under_way(tmp_path: Path) -> None:
    with closing(TaskHub.open(tmp_path / "hub.db")) as hub:
        await start(hub, "first")
        second = asyncio.create_task(start(hub, "second"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        during = [hub.read("status_of", (name,)) != [] for name in ("first", "second")]
        await second
        after = hub.read("status_of", ("second",)) != []

    assert (during, after) == ([True, False], True)


async def test_the_file_is_sound_afterwards(tmp_path: Path) -> None:
    with closing(TaskHub.open(tmp_path / "hub.db")) as hub:
        await asyncio.gather(*(start(hub, f"i{number}") for number in range(50)))
    with closing(sqlite3.connect(tmp_path / "hub.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
