"""Wakes up when the earliest durable timer of the hub is due, and fires what is due then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from local_host.engine.clock import Clock
from local_host.engine.errors import StoreUnavailable
from local_host.engine.log_categories import host_logger
from local_host.engine.task_hub import TaskHub
from local_host.engine.timestamps import parse_time, time_text

_RETRY_PAUSE = timedelta(seconds=1)

log = host_logger("local_host.worker")


class Alarm:
    """One sleeping task for all timers: they stay in the store, and only the earliest due time is known here."""

    def __init__(self, hub: TaskHub, clock: Clock, on_change: Callable[[], None]) -> None:
        self._hub = hub
        self._clock = clock
        self._on_change = on_change
        self._due = ""
        self._sleeping: asyncio.Task[None] | None = None

    @property
    def is_ringing(self) -> bool:
        """Whether a timer is due and has not fired yet."""
        return bool(self._due) and self._due <= time_text(self._clock.now())

    def set(self, due: str) -> None:
        """Wait for a timer that is due then ("" for none), if it is earlier than what is waited for."""
        if due and (not self._due or due < self._due):
            self.cancel()
            self._due = due
            self._sleeping = asyncio.create_task(self._sleep(due))

    def cancel(self) -> None:
        """Sleep no more; no timer is waited for."""
        self._due = ""
        if self._sleeping is not None:
            self._sleeping.cancel()
            self._sleeping = None

    async def _sleep(self, due: str) -> None:
        await self._clock.sleep_until(parse_time(due))
        now = self._clock.now()
        try:
            await self._hub.fire_timers(now)
            next_due = self._hub.next_due()
        except StoreUnavailable:  # the store has logged it
            next_due = time_text(now + _RETRY_PAUSE)
        except Exception:
            log.exception("The host failed to fire timers; it will try again")
            next_due = time_text(now + _RETRY_PAUSE)
        self._due, self._sleeping = "", None
        self.set(next_due)
        self._on_change()
