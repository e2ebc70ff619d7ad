"""The loop of the host: take ready work, run the app's code, store what came of it.

Each kind of work has a lane. A piece of work is claimed, the app's function is run without any transaction open, and
what came of it is stored in one step. Whatever goes wrong in between leaves the store as it was, so the work is simply
taken again; a function's own exception, on the other hand, is a result like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from local_host.engine.activity_runner import ActivityRunner
from local_host.engine.alarm import Alarm
from local_host.engine.batch_runner import BatchRunner
from local_host.engine.clock import Clock
from local_host.engine.config import DurableConfig
from local_host.engine.episode_runner import EpisodeRunner
from local_host.engine.executor import Executor
from local_host.engine.group_commit import Wakeups
from local_host.engine.lane import Lane
from local_host.engine.task_hub import TaskHub


class Worker:
    """Runs everything that becomes ready in one hub."""

    def __init__(self, hub: TaskHub, executor: Executor, clock: Clock, config: DurableConfig) -> None:
        self._hub = hub
        self._clock = clock
        self._config = config
        self._is_started = False
        self._until_idle: list[asyncio.Future[None]] = []
        self._showing: list[asyncio.Task[None]] = []
        self._alarm = Alarm(hub, clock, self._pump)
        self._orchestrations = Lane(
            limit=config.max_concurrent_orchestrators,
            clock=clock,
            claim=hub.claim_instance,
            process=EpisodeRunner(hub, executor, clock, config).run,
            abandon=hub.abandon_instance,
            name_of=lambda work: work.instance.instance_id,
            on_change=self._pump,
        )
        self._entities = Lane(
            limit=config.max_concurrent_entities,
            clock=clock,
            claim=lambda: hub.claim_entity(config.max_entity_operation_batch_size),
            process=BatchRunner(hub, executor, clock, config).run,
            abandon=hub.abandon_entity,
            name_of=lambda work: work.entity_id,
            on_change=self._pump,
        )
        self._activities = Lane(
            limit=config.max_concurrent_activities,
            clock=clock,
            claim=hub.claim_activity,
            process=ActivityRunner(hub, executor, clock).run,
            abandon=hub.abandon_activity,
            name_of=lambda activity: f"activity {activity.name} of {activity.instance_id}",
            on_change=self._pump,
        )
        hub.listen(self._stored)

    async def start(self, *, after_visibility_timeout: bool = False) -> None:
        """Begin to work; whatever an earlier process left unfinished is handed out again.

        after_visibility_timeout: only then, as by the queues of the real host.
        """
        if after_visibility_timeout:
            self._hold_back()
        self._is_started = True
        self._alarm.set(self._hub.next_due())
        self._pump()

    async def stop(self, grace_s: float = 5.0) -> None:
        """Take no new work, let running functions end for up to grace_s seconds, leave the rest for the next start."""
        self._is_started = False
        self._alarm.cancel()
        for showing in self._showing:
            showing.cancel()
        lanes = (self._orchestrations, self._entities, self._activities)
        await asyncio.gather(*(lane.drain(grace_s) for lane in lanes))

    def _hold_back(self) -> None:
        self._hub.hold_back(self._config.max_concurrent_activities)
        for timeout, show in (
            (self._config.control_queue_visibility_timeout, self._hub.show_messages),
            (self._config.work_item_queue_visibility_timeout, self._hub.show_activities),
        ):
            self._showing.append(asyncio.create_task(self._show_at(self._clock.now() + timeout, show)))

    async def _show_at(self, due: datetime, show: Callable[[], None]) -> None:
        await self._clock.sleep_until(due)
        show()

    async def until_idle(self) -> None:
        """Return when nothing is ready and nothing runs; waits for events and future timers do not count.

        A stopped worker is idle as soon as nothing runs any more.
        """
        while not self._is_idle:
            changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._until_idle.append(changed)
            await changed

    @property
    def _is_idle(self) -> bool:
        busy = self._orchestrations.is_busy or self._entities.is_busy or self._activities.is_busy
        return not (busy or (self._is_started and (self._hub.has_ready_work or self._alarm.is_ringing)))

    def _stored(self, wakeups: Wakeups) -> None:
        if self._is_started:
            self._alarm.set(wakeups.next_due)
            self._pump()

    def _pump(self) -> None:
        if self._is_started:
            self._orchestrations.fill()
            self._entities.fill()
            self._activities.fill()
        if self._until_idle and self._is_idle:
            waiting, self._until_idle = self._until_idle, []
            for changed in waiting:
                if not changed.done():  # the waiting task may have been cancelled
                    changed.set_result(None)
