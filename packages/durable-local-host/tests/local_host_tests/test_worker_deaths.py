"""The worker process dies at every episode, every activity and every batch of an entity of orchestrations of every kind."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from local_host.engine.clock import ManualClock
from local_host.engine.config import DurableConfig
from local_host.engine.history_events import EventType
from local_host.engine.operations import Operations
from local_host.engine.status import RuntimeStatus
from local_host.engine.task_hub import TaskHub
from local_host.engine.views import InstanceStatus
from local_host.engine.worker import Worker
from local_host.testing.worker_death import Call, DeathOrder, Moment, MortalExecutor, MortalWorker
from local_host_tests.mixed_load import EXPECTED, app
from local_host_tests.test_random_kills import check_nothing_is_left

GOES_ON_MEANWHILE = {"loop", "family"}
DIED = (
    "exited with code 137 (0x89)",
    "but the current replay execution hasn't (yet?) scheduled this task. "
    "Was a change made to the orchestrator code after this instance had already started running?",
)


@dataclass(frozen=True)
class Life:
    """An engine whose worker is mortal."""

    operations: Operations
    worker: MortalWorker
    clock: ManualClock

    async def send(self, kind: str) -> InstanceStatus:
        """One orchestration, to its end."""
        await self.operations.start(kind, None, kind)
        await self.clock.advance(timedelta(seconds=1))
        if kind == "asks" and not (await self.operations.status(kind)).runtime_status.has_ended:
            await self.operations.raise_event(kind, "answer", json.dumps("1"))
        await self.clock.advance(timedelta(seconds=1))
        return await self.operations.status(kind)


@asynccontextmanager
async def life(path: Path) -> AsyncIterator[Life]:
    hub, clock, config = TaskHub.open(path), ManualClock(), DurableConfig()
    mortal = MortalWorker(_no_threads)
    executor = MortalExecutor(app, mortal)
    worker = Worker(hub, executor, clock, config)
    clock.settle_with(worker.until_idle)
    await worker.start()
    try:
        yield Life(Operations(hub, executor, clock, config), mortal, clock)
    finally:
        await worker.stop(grace_s=0)
        hub.close()


async def _no_threads() -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("during", "failing"),
    [
        ("episode", set(EXPECTED)),
        ("activity", {"chain", "fan_out", "family"}),  # the others have none
        ("entity", set()),  # a batch is repeated; what runs beside it may be in hand too
    ],
)
@pytest.mark.parametrize("kind", EXPECTED)
async def test_what_was_in_hand_ends_as_on_the_real_host(
    tmp_path: Path, kind: str, during: Call, when: Moment, failing: set[str]
) -> None:
    failures = 0
    for nth in count(1):
        path = tmp_path / f"hub-{nth}.db"
        async with life(path) as running:
            running.worker.die_during(DeathOrder(during=during, name=None, left=nth, when=when))
            status = await running.send(kind)
        check_end(kind, status)
        failures += status.runtime_status is RuntimeStatus.FAILED
        with closing(sqlite3.connect(path)) as connection:
            check_entity(connection)
            check_nothing_is_left(connection)
        if running.worker.deaths == 0:
            break
    assert status.runtime_status is RuntimeStatus.COMPLETED
    assert (failures > 0) == (kind in failing) or (during == "entity" and kind in GOES_ON_MEANWHILE)


def check_end(kind: str, status: InstanceStatus) -> None:
    """Check that it has ended, rightly or by the death."""
    if status.runtime_status is RuntimeStatus.COMPLETED:
        assert status.output == EXPECTED[kind][0]
    else:
        assert status.runtime_status is RuntimeStatus.FAILED
        assert any(text in (status.output or "") for text in DIED), status.output


def check_entity(connection: sqlite3.Connection) -> None:
    """Check that what the histories hold as sent has been done once. A `loop` continues as new and keeps none; it adds hundreds."""
    sent = 0
    for (events,) in connection.execute("SELECT events FROM history ORDER BY instance_id, episode"):
        for event in json.loads(f"[{events}]"):
            if event["EventType"] == EventType.EVENT_SENT:
                sent += int(json.loads(json.loads(event["Input"])["input"]))
    rows = connection.execute("SELECT state FROM entities").fetchall()
    done = int(rows[0][0]) if rows else 0
    assert done % 100 == sent % 100
    assert done <= sum(added for _, added in EXPECTED.values())
