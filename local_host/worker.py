"""The loop that takes ready work, runs the app's code and commits what came of it."""

from __future__ import annotations

from local_host.clock import Clock
from local_host.config import DurableConfig
from local_host.executor import Executor
from local_host.task_hub import TaskHub


class Worker:
    """Runs everything that becomes ready in one hub."""

    def __init__(self, hub: TaskHub, executor: Executor, clock: Clock, config: DurableConfig) -> None: ...

    async def start(self) -> None:
        """Begin to work; whatever an earlier process left unfinished is handed out again."""

    async def stop(self, grace_s: float = 5.0) -> None:
        """Take no new work, let running functions end for up to grace_s seconds, leave the rest for the next start."""

    async def until_idle(self) -> None:
        """Return when nothing is ready and nothing runs; waits for events and future timers do not count."""
