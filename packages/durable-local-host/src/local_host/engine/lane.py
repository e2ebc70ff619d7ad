"""Runs pieces of work of one kind side by side, up to a limit.

Only running counts against the limit: a piece of work gives up its place as soon as its code has run, and the task that takes
the place can be stored together with it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, Generic, TypeVar

from local_host.engine.clock import Clock
from local_host.engine.errors import StoreUnavailable
from local_host.engine.log_categories import host_logger
from local_host.engine.steps import WorkLost

W = TypeVar("W")
Storing = Coroutine[Any, Any, None]

_MAX_PAUSE_S = 60.0

log = host_logger("local_host.worker")


class Lane(Generic[W]):
    """Works on one kind of work, several pieces at a time.

    Attributes:
        claim: Returns the next piece of work, or None.
        process: Does it, and returns how to store what came of it.
        abandon: Releases it, to be claimed again.
        name_of: Distinguishes pieces of work, for logs and pauses.
        on_change: Called whenever a place has become free.
    """

    def __init__(
        self,
        *,
        limit: int,
        clock: Clock,
        claim: Callable[[], W | None],
        process: Callable[[W], Awaitable[Storing]],
        abandon: Callable[[W], None],
        name_of: Callable[[W], str],
        on_change: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._claim = claim
        self._process = process
        self._abandon = abandon
        self._name_of = name_of
        self._on_change = on_change
        self._limit = limit
        self._places = limit
        self._tasks: dict[asyncio.Task[None], W] = {}
        self._pausing: dict[asyncio.Task[None], W] = {}
        self._failures: Counter[str] = Counter()

    @property
    def is_busy(self) -> bool:
        """Whether something runs or is being stored; work that pauses after a failure does not count."""
        return bool(self._tasks)

    def fill(self) -> None:
        """Take as much work as there are free places."""
        while self._places and (work := self._claim()) is not None:
            self._places -= 1
            task = asyncio.create_task(self._run(work))
            self._tasks[task] = work
            task.add_done_callback(self._ended)

    async def drain(self, grace_s: float) -> None:
        """Let what runs come to its end, then cancel the rest, to be claimed again another time."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        unfinished = self._tasks | self._pausing
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        for task, work in unfinished.items():
            if task.cancelled():
                self._abandon(work)
        self._places = self._limit

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task)
        self._on_change()

    async def _run(self, work: W) -> None:
        try:
            await (await self._process_in_place(work))
        except WorkLost as lost:
            log.debug("%s", lost)
            self._abandon(work)
        except StoreUnavailable:  # the store has logged it
            self._pause(work)
        except Exception:
            log.exception("The host failed at %s; it will be tried again", self._name_of(work))
            self._pause(work)
        else:
            self._failures.pop(self._name_of(work), None)

    async def _process_in_place(self, work: W) -> Storing:
        try:
            return await self._process(work)
        finally:
            self._places += 1
            self._on_change()

    def _pause(self, work: W) -> None:
        task = asyncio.create_task(self._abandon_later(work))
        self._pausing[task] = work
        task.add_done_callback(self._pausing.pop)

    async def _abandon_later(self, work: W) -> None:
        name = self._name_of(work)
        self._failures[name] += 1
        # The exponent has a limit of its own: what failed a thousand times would be too large for a float.
        pause = min(0.1 * 2 ** min(self._failures[name], 10), _MAX_PAUSE_S)
        await self._clock.sleep_until(self._clock.now() + timedelta(seconds=pause))
        self._abandon(work)
        self._on_change()
