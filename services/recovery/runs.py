"""Look after every open run: start the one that was never started, start again the one whose instance the platform failed.

A process may die between storing a run and starting it. A worker process that dies fails every orchestration that it has in
hand, for good. Such a run is started again under the same id, a few times and later and later; then, and when its instance was
terminated, is gone, or stands still for hours, it needs attention. Nothing is lost that the failed instance had received:
requests are stored before they are raised, and what was raised past the API is read from the failed instance's history.

Each run stands for itself: one that cannot be looked after is named in the log, and the others get their turn.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import azure.durable_functions as df

from domain.workflows.advice import settlement_operation
from domain.workflows.intake import Reminder
from domain.workflows.restarts import are_used_up, is_due, tries_of
from services.concurrency import from_another_place, gather_bounded
from services.durable.client import DurableClient, InstanceStatus
from services.durable.instances import instance_status, is_unfinished, received_events
from services.durable.starter import START_TIMEOUT_S

if TYPE_CHECKING:
    from domain.repositories.runs import RunIntake

ORPHANED_AFTER: Final = 3 * timedelta(seconds=START_TIMEOUT_S)
"""Well beyond the time in which the caller who stored a run tries to start it: two starts could run it again after its end."""

QUIET_AFTER: Final = timedelta(hours=1)
"""Twice the longest pause between two attempts: an instance that neither waits nor goes on for so long is noticed."""

STUCK_AFTER: Final = timedelta(hours=6)
"""How long a noticed instance may stand still. Counted from the notice: after an outage of the host every run gets this time."""

R = TypeVar("R")

_log = logging.getLogger(__name__)


class Recovery(ABC, Generic[R]):
    """The recovery of one kind of runs. R: what is known of a run before its instance is looked at."""

    def __init__(self, intake: "RunIntake") -> None:
        self.intake = intake

    async def recover(self, client: DurableClient, now: datetime, has_time: Callable[[], bool] = lambda: True) -> None:
        """Look after every run that was accepted more than ORPHANED_AFTER ago and is not known to have ended.

        Args:
            client: The durable client.
            now: The present time.
            has_time: Whether the next one may be looked after. Each minute's call begins at another one.
        """
        open_runs = await asyncio.to_thread(self.intake.open_runs, now - ORPHANED_AFTER)
        reminders = {reminder.key: reminder for reminder in open_runs}

        async def look_after(key: str) -> bool:
            if has_time():
                await self._look_after(client, reminders[key], now)
                return True
            return False

        reached = await gather_bounded(look_after, from_another_place(list(reminders), now))
        if not all(reached):
            _log.warning("%d open runs are left to the next run of the timer", reached.count(False))

    # -- what differs

    @abstractmethod
    def load(self, reminder: Reminder) -> R | None:
        """Return the run; None when there is none any more."""

    @abstractmethod
    def name_of(self, run: R) -> str:
        """Return what the log calls the run."""

    @abstractmethod
    def workflow_of(self, run: R) -> str:
        """Return the name of the run's orchestrator."""

    @abstractmethod
    def key_of(self, run: R) -> str:
        """Return the run's key among those of its workflow."""

    @abstractmethod
    def instance_id_of(self, run: R) -> str:
        """Return the id of the run's instance."""

    @abstractmethod
    async def keep_up(self, client: DurableClient, run: R, instance: InstanceStatus) -> None:
        """Do what a run may need whose instance is at work: raise a stored request again that it has not received."""

    @abstractmethod
    def waits_until(self, run: R, instance: InstanceStatus) -> datetime | None:
        """Return until when the instance waits as it should; None when it waits for nothing."""

    @abstractmethod
    async def finish(self, run: R, instance: InstanceStatus | None, now: datetime) -> bool:
        """Do what follows the run's end, and forget the run; False when it has not ended."""

    @abstractmethod
    async def start_missing(self, client: DurableClient, run: R, reminder: Reminder, now: datetime) -> None:
        """Start a run that has no instance, or give it up."""

    @abstractmethod
    async def store_event(self, run: R, name: str, payload: Any) -> None:
        """Store an event that the failed instance had received: starting again overwrites its history."""

    @abstractmethod
    async def start_again(self, client: DurableClient, run: R, instance: InstanceStatus, attempt: int) -> None:
        """Start another instance, which takes over from the failed one."""

    @abstractmethod
    async def record_attention(self, run: R, instance: InstanceStatus | None, why: str, now: datetime) -> None:
        """Record that an operator has to settle the run, dead-letter what may be open, and forget the run."""

    # -- what is the same

    async def give_up(self, run: R, instance: InstanceStatus | None, why: str, now: datetime) -> None:
        """Leave a run to an operator."""
        await self.record_attention(run, instance, why, now)
        operation = settlement_operation(self.workflow_of(run), self.key_of(run))
        _log.error("%s needs attention: %s %s settles it.", self.name_of(run), why, operation)

    async def stop(
        self, client: DurableClient, run: R, instance: InstanceStatus | None, why: str, now: datetime
    ) -> None:
        """Leave a run to an operator at once whose instance has stopped, with what that instance had received."""
        if instance is not None:
            await self._store_received(client, run, self.instance_id_of(run))
        await self.record_attention(run, instance, why, now)
        _log.warning("%s: its instance has stopped, and an operator settles it", self.name_of(run))

    async def start_at_once(
        self, client: DurableClient, run: R, instance: InstanceStatus, reminder: Reminder, now: datetime
    ) -> bool:
        """Start a run again whose instance has stopped, and count its tries anew. False when the timer was faster."""
        if not await asyncio.to_thread(self.intake.record_try, reminder, 1, now):
            return False
        await self._store_received(client, run, reminder.key)
        await self.start_again(client, run, instance, reminder.tries + 2)
        return True

    async def _look_after(self, client: DurableClient, reminder: Reminder, now: datetime) -> None:
        try:
            await self._recover(client, reminder, now)
        except Exception:  # noqa: BLE001 - whatever it is, it concerns this one alone
            _log.exception("%s could not be looked after; it will be again", reminder.key)

    async def _recover(self, client: DurableClient, reminder: Reminder, now: datetime) -> None:
        # The instance first: had it recorded its end, that is in what is loaded after it.
        instance = await instance_status(client, reminder.key)
        run = await asyncio.to_thread(self.load, reminder)
        if run is None:
            await asyncio.to_thread(self.intake.forget, reminder.key)
        elif instance is not None and is_unfinished(instance):
            if instance.name != self.workflow_of(run):
                return
            if await self._is_stuck(run, instance, reminder, now):
                await self.give_up(run, instance, "The instance stands still.", now)
            else:
                await self.keep_up(client, run, instance)
        elif not await self.finish(run, instance, now):
            await self._recover_stopped(client, run, instance, reminder, now)

    async def _is_stuck(self, run: R, instance: InstanceStatus, reminder: Reminder, now: datetime) -> bool:
        """Return whether the instance has stood still for too long, as one does that no worker of this version may run."""
        if instance.runtime_status is df.OrchestrationRuntimeStatus.Suspended:  # by an operator, who resumes it
            return False
        quiet_since = instance.last_updated_time
        if now - max(quiet_since, self.waits_until(run, instance) or quiet_since) < QUIET_AFTER:
            return False
        if reminder.quiet_since != quiet_since or reminder.noticed_at is None:
            await asyncio.to_thread(self.intake.record_quiet, reminder.key, quiet_since, now)
            _log.warning("%s stands still since %s", self.name_of(run), quiet_since.isoformat())
            return False
        return now - reminder.noticed_at >= STUCK_AFTER

    async def _recover_stopped(
        self, client: DurableClient, run: R, instance: InstanceStatus | None, reminder: Reminder, now: datetime
    ) -> None:
        if instance is None:
            await self.start_missing(client, run, reminder, now)
        elif instance.name != self.workflow_of(run):
            _log.error("%s: an instance of %s has its id", self.name_of(run), instance.name)
        elif instance.runtime_status is df.OrchestrationRuntimeStatus.Terminated:
            await self.give_up(run, instance, "The instance was terminated.", now)
        else:
            await self._start_again(client, run, instance, reminder, now)

    async def _start_again(
        self, client: DurableClient, run: R, instance: InstanceStatus, reminder: Reminder, now: datetime
    ) -> None:
        tries = tries_of(reminder, now)
        if are_used_up(tries):
            await self.give_up(run, instance, f"Processing stopped {tries + 1} times before the end.", now)
            return
        # Counted first: a process that dies over the start must not start for ever.
        if is_due(reminder, tries, now) and await asyncio.to_thread(self.intake.record_try, reminder, tries + 1, now):
            await self._store_received(client, run, reminder.key)
            _log.warning(
                "%s: the platform has failed its instance; starting it again, try %d", self.name_of(run), tries + 1
            )
            await self.start_again(client, run, instance, tries + 2)

    async def _store_received(self, client: DurableClient, run: R, instance_id: str) -> None:
        events = await received_events(client, instance_id)
        if events is None:
            _log.warning("%s: the history of its failed instance cannot be read", self.name_of(run))
            return
        for name, payload in events:
            await self.store_event(run, name, payload)
