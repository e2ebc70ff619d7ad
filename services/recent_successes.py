"""Checks whose success is kept for a while, so that a flood of questions does not become one of work."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from domain.errors import ShopError

CHECK_TIMEOUT_S: Final = 3
"""Probes of platforms give up after some five seconds."""

RETENTION_S: Final = 10

_log = logging.getLogger(__name__)


class RecentSuccesses:
    """What has succeeded lately in this process. A failure is not kept: it is tried again at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    async def has(self, what: str, check: Callable[[], Awaitable[None]]) -> bool:
        """Return whether a check succeeds, or has lately. The log says why it does not.

        Args:
            what: Names the check.
            check: Raises when it does not succeed.
        """
        if self._clock() < self._until.get(what, 0):
            return True
        try:
            await asyncio.wait_for(check(), CHECK_TIMEOUT_S)
        except Exception as error:  # noqa: BLE001 - the durable client has one type for everything
            _log.error("%s: %s", what, error if isinstance(error, ShopError) else type(error).__name__)
            return False
        self._until[what] = self._clock() + RETENTION_S
        return True
