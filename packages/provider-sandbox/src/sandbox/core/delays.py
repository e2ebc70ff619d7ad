"""Ordered delays: each ends after its time, or at once when its rules are removed or the sandbox stops."""

import asyncio
import contextlib


class Delays:
    """The waits under way."""

    def __init__(self) -> None:
        self._released = asyncio.Event()
        self._stopped = False

    async def wait(self, seconds: float) -> bool:
        """Return True when the call shall go on, False when the sandbox is stopping."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._released.wait(), seconds)
        return not self._stopped

    def release(self) -> None:
        """Let every waiting call go on now."""
        self._released.set()
        self._released = asyncio.Event()

    def stop(self) -> None:
        """Let every waiting call give up now."""
        self._stopped = True
        self.release()
