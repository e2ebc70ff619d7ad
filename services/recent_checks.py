"""Checks whose result is kept for a while, so that a flood of questions does not become one of work.

Any caller may ask. One check of a name is under way at a time, and all who ask meanwhile get its result.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from domain.errors import ShopError

CHECK_TIMEOUT_S: Final = 3
"""Probes of platforms give up after some five seconds."""

RETENTION_S: Final = 10
FAILURE_RETENTION_S: Final = 2
"""What has failed is soon tried again: until it succeeds, the platform sends this instance nothing."""

_log = logging.getLogger(__name__)


class RecentChecks:
    """What has succeeded or failed lately in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, bool]] = {}
        self._under_way: dict[str, asyncio.Task[bool]] = {}

    async def succeeds(self, what: str, check: Callable[[], Awaitable[None]]) -> bool:
        """Return whether a check succeeds, or has lately. The log says why it does not.

        Args:
            what: Names the check.
            check: Raises when it does not succeed.
        """
        until, succeeded = self._kept.get(what, (0.0, False))
        if self._clock() < until:
            return succeeded
        task = self._under_way.get(what)
        # One of another event loop cannot be waited for here.
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            task = self._under_way[what] = asyncio.get_running_loop().create_task(self._run(what, check))
        return await asyncio.shield(task)

    async def _run(self, what: str, check: Callable[[], Awaitable[None]]) -> bool:
        try:
            await asyncio.wait_for(check(), CHECK_TIMEOUT_S)
        except Exception as error:  # noqa: BLE001 - the durable client has one type for everything
            _log.error("%s: %s", what, error if isinstance(error, ShopError) else type(error).__name__)
            self._kept[what] = (self._clock() + FAILURE_RETENTION_S, False)
            return False
        self._kept[what] = (self._clock() + RETENTION_S, True)
        return True
