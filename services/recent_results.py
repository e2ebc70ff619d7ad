"""What was read lately, kept for a while, so that many who look at the same do not each have it read."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

RETENTION_S: Final = 10


class RecentResults:
    """The latest results of this process, by name. An error is not kept."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Any]] = {}

    async def get(self, what: str, read: Callable[[], Awaitable[T]]) -> T:
        """Return what was read lately, or what is read now. what: names it."""
        until, result = self._kept.get(what, (0.0, None))
        if time.monotonic() < until:
            kept: T = result
            return kept
        read_now = await read()
        self._kept[what] = (time.monotonic() + RETENTION_S, read_now)
        return read_now
