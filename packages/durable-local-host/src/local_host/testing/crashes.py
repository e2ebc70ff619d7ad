"""A store that dies on order, as a process does that is killed: from then on nothing more is stored."""

from __future__ import annotations

import asyncio

from local_host.engine.faults import Faults
from local_host.engine.history_events import Event


class Crashed(Exception):
    """The host has crashed, as the test wanted; `AppHost.restart` starts it again on the same state file."""


class CrashFaults(Faults):
    """Crashes at one commit. twice: every message to an orchestration is delivered two times.

    is_over: set when it has crashed. Make it in the event loop of the host.
    """

    def __init__(self) -> None:
        self.twice = False
        self.has_crashed = False
        self.is_over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._commits_left = 0
        self._crash_after = False

    def arm(self, commits: int, *, after: bool) -> None:
        """Crash at the commit that is this many from now (1 is the next one), before or after it is on disk."""
        self._commits_left = commits
        self._crash_after = after

    def crash(self) -> None:
        """Store nothing from now on. Called from the thread that commits, too."""
        self.has_crashed = True
        self._loop.call_soon_threadsafe(self.is_over.set)

    def before_commit(self) -> None:
        """Crash here, if the test wants it."""
        self._stay_dead()
        if self._commits_left == 1 and not self._crash_after:
            self.crash()
        self._stay_dead()

    def after_commit(self) -> None:
        """Crash here, if the test wants it."""
        if self._commits_left == 1:
            self.crash()
        self._commits_left = max(0, self._commits_left - 1)
        self._stay_dead()

    def copies_of(self, event: Event) -> int:
        """Return how often the message is delivered."""
        return 2 if self.twice else 1

    def _stay_dead(self) -> None:
        if self.has_crashed:
            raise Crashed
