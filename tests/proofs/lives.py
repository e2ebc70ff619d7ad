"""Processes that die: a store that refuses everything from one commit on, and a shop that lives again on the same file."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from local_host.faults import Faults
from sandbox.testing import Sandbox
from tests.support.shop import Shop, running_shop


class Dead(OSError):
    """What the store says once the process is to count as dead."""


class DiesAt(Faults):
    """Dies at the commit of that number, from 1, before or after it is on disk; nothing is stored from then on."""

    def __init__(self, commit: int, *, after: bool) -> None:
        """Call it inside the event loop."""
        self.died = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._commits_left = commit
        self._after = after

    def before_commit(self) -> None:
        if self._commits_left <= 0 or (self._commits_left == 1 and not self._after):
            self._die()

    def after_commit(self) -> None:
        self._commits_left -= 1
        if self._commits_left == 0 and self._after:
            self._die()

    def _die(self) -> None:
        self._commits_left = 0
        self._loop.call_soon_threadsafe(self.died.set)
        raise Dead("the process is dead")


@dataclass
class Lives:
    """A shop's lives, one after the other: what they share is the file of the task hub, and time that goes on."""

    sandbox: Sandbox
    state: Path
    now: datetime | None = field(default=None)

    async def live(self, doing: Callable[[Shop], Awaitable[object]]) -> None:
        """One undisturbed life."""
        async with running_shop(self.sandbox, state=self.state, since=self.now) as shop:
            await doing(shop)
            self.now = shop.clock.now()

    async def live_until(self, death: DiesAt, doing: Callable[[Shop], Awaitable[object]]) -> bool:
        """A life that ends with `doing` or with death, whichever comes first. Gives whether it died."""
        async with running_shop(self.sandbox, state=self.state, since=self.now, faults=death) as shop:
            work = asyncio.ensure_future(doing(shop))
            dying = asyncio.ensure_future(death.died.wait())
            await asyncio.wait({work, dying}, return_when=asyncio.FIRST_COMPLETED)
            self.now = shop.clock.now()
            if not death.died.is_set():
                await work
            work.cancel()
            dying.cancel()
            await asyncio.gather(work, dying, return_exceptions=True)
        return death.died.is_set()
