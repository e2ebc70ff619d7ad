"""How many of something run right now, and a way to wait until none does."""

from __future__ import annotations

import asyncio


class Running:
    """Used as a context manager around each run."""

    def __init__(self) -> None:
        self.count = 0
        self._none = asyncio.Event()
        self._none.set()

    def __enter__(self) -> None:
        self.count += 1
        self._none.clear()

    def __exit__(self, *_: object) -> None:
        self.count -= 1
        if not self.count:
            self._none.set()

    async def until_none(self) -> None:
        """Return when nothing runs."""
        await self._none.wait()
