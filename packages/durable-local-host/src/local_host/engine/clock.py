"""Time, passed in everywhere: the engine never reads the machine's clock by itself.

`SystemClock` is the wall clock. `ManualClock` stands still until a test moves it; on its way it stops at every moment
a sleeper waits for, so that a chain of timers runs in the order and at the times it would in reality.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

# Two runs of one instance are at least a microsecond apart, so timers drift by microseconds against the hand of a test.
_CLOCK_TOLERANCE = timedelta(milliseconds=1)


class Clock(Protocol):
    """The time of day in UTC, and a way to wait for a moment of it."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""

    async def sleep_until(self, due: datetime) -> None:
        """Return once `now()` has reached `due`; at once when it already has."""


class SystemClock:
    """The wall clock of this machine."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, due: datetime) -> None:
        """Return when it is that late."""
        # In short stretches, since the wall clock may be set and the machine may sleep.
        while True:
            left = (due - self.now()).total_seconds()
            if left <= 0:
                return
            await asyncio.sleep(min(left, 60.0))


class ManualClock:
    """A clock that only `advance` moves.

    settle: awaited before each move of time, so that everything caused by one moment is done before the next begins
    (a host passes its `until_idle`).
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = count()
        self._settlers: list[Callable[[], Awaitable[None]]] = []

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return self._now

    def settle_with(self, settle: Callable[[], Awaitable[None]]) -> None:
        """Await `settle` before each move of time and after the last one."""
        self._settlers.append(settle)

    async def sleep_until(self, due: datetime) -> None:
        """Return when it is that late."""
        if due <= self._now:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (due, next(self._order), woken))
        await woken

    async def advance(
        self,
        delta: timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Move time forward, waking each sleeper at its own moment and letting its consequences settle there.

        A sleeper due less than a millisecond after the target is woken too.
        """
        step = delta if delta is not None else timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        target = self._now + step
        await self._settle()
        while (due := self._next_due()) is not None and due < target + _CLOCK_TOLERANCE:
            self._now = max(self._now, due)
            self._wake()
            await self._settle()
        self._now = max(self._now, target)

    def _next_due(self) -> datetime | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _wake(self) -> None:
        while (due := self._next_due()) is not None and due <= self._now:
            heapq.heappop(self._sleepers)[2].set_result(None)

    async def _settle(self) -> None:
        await asyncio.sleep(0)  # who was just started to sleep has to begin
        for settle in self._settlers:
            await settle()
