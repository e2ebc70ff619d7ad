"""A completion that something waits for, within one walk: no event loop takes part."""

from __future__ import annotations

from collections.abc import Callable


class Future:
    """Completes once; runs its continuations at once, before anything else happens."""

    __slots__ = ("_continuations", "is_done", "is_failed")

    def __init__(self) -> None:
        self.is_done = False
        self.is_failed = False
        self._continuations: list[Callable[[], None]] = []

    def then(self, continuation: Callable[[], None]) -> None:
        """Call this when it completes; at once if it has."""
        if self.is_done:
            continuation()
        else:
            self._continuations.append(continuation)

    def complete(self, *, failed: bool = False) -> None:
        """Complete, unless it has, and call what waits."""
        if self.is_done:
            return
        self.is_done = True
        self.is_failed = failed
        for continuation in self._continuations:
            continuation()


def completed() -> Future:
    """Return one that has completed."""
    future = Future()
    future.complete()
    return future
