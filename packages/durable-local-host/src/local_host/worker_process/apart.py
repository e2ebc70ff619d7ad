"""Worker processes that the host supervises: started again when they die, until that happens too often."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from local_host.app.caller import timed_out
from local_host.app.calls import FunctionAnswer, FunctionCall
from local_host.app.index import AppIndex
from local_host.engine.clock import Clock, SystemClock
from local_host.engine.errors import CallLost, FunctionTimedOut, LocalHostError, NoWorker, WorkerExited
from local_host.engine.log_categories import host_logger
from local_host.engine.start_problems import CannotStart
from local_host.worker_process.process import WorkerProcess

_log = host_logger("Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcFunctionInvocationDispatcher")
_exceptions = host_logger("Microsoft.Azure.WebJobs.Script.WebHost.WebScriptHostExceptionHandler")
_MAX_DEATHS = 3
# A machine without memory kills each of them, and the host is to end then; a kill now and then it is to outlive.
_MAX_KILLED_STARTS = 10
# Deaths that are further apart than this do not add up.
_DEATH_RETENTION = timedelta(minutes=30)

GIVEN_UP = (
    "Exceeded language worker restart retry count for runtime:python. "
    "Shutting down and proactively recycling the Functions Host to recover"
)


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """count: FUNCTIONS_WORKER_PROCESS_COUNT; function_timeout: how long one call may take, None for as long as it wants."""

    directory: Path
    log_levels: Mapping[str, str] = field(default_factory=dict)
    function_timeout: timedelta | None = None
    count: int = 1
    clock: Clock = field(default_factory=SystemClock)


class ApartWorker:
    """Calls functions in worker processes, in turns. It implements `calls.FunctionWorker`. Make it in the event loop.

    given_up: set when a process has died so often that the host should start afresh; from then on every call fails.
    """

    def __init__(self, options: WorkerOptions) -> None:
        self.given_up = asyncio.Event()
        self._options = options
        self._ready: list[WorkerProcess] = []
        self._turns = itertools.count()
        self._changed = asyncio.Event()
        self._deaths: list[datetime] = []
        self._supervising: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def start(self) -> AppIndex:
        """Start the processes; the app's functions, without their code. Raises AppLoadError, CannotStart."""
        try:
            started = await asyncio.gather(*(self._start_first() for _ in range(self._options.count)))
        except WorkerExited as exited:
            raise CannotStart(f"The worker process ended while it loaded the app: {exited.message}.") from None
        for process in started:
            self._supervise(process)
        return started[0].app

    async def call(self, call: FunctionCall) -> FunctionAnswer:
        """Call a function in a worker process. Raises UserCodeFailed."""
        process = await self._next()
        limit = asyncio.timeout(self._seconds)
        try:
            async with limit:
                return await process.call(call)
        except TimeoutError:
            if not limit.expired():
                raise
            raise self._restart(process, call) from None

    async def until_threads_end(self) -> None:
        """Return at once: no thread of a process outlives it."""

    async def close(self) -> None:
        """End the worker processes."""
        self._is_closed = True
        await asyncio.gather(*(process.close() for process in self._ready))
        for task in self._supervising:
            task.cancel()
        await asyncio.gather(*self._supervising, return_exceptions=True)

    @property
    def _seconds(self) -> float | None:
        limit = self._options.function_timeout
        return limit.total_seconds() if limit else None

    async def _next(self) -> WorkerProcess:
        """Whose turn it is; a call waits while there is none, as long as one is being started."""
        while not (ready := [process for process in self._ready if not (process.was_ended or process.gone.done())]):
            if self.given_up.is_set() or self._is_closed:
                raise NoWorker
            await self._changed.wait()
        return ready[next(self._turns) % len(ready)]

    def _restart(self, process: WorkerProcess, call: FunctionCall) -> FunctionTimedOut:
        """End the process of a call that takes too long, with everything that it has in hand."""
        assert self._options.function_timeout is not None
        lost = timed_out(call.invocation, self._options.function_timeout)
        if process.was_ended:
            return lost
        _exceptions.warning(
            "A function timeout has occurred. Restarting worker process executing invocationId '%s'.",
            call.invocation.id,
        )
        process.end_for(lost)
        return lost

    async def _start_first(self) -> WorkerProcess:
        """Start a process. One that is killed while it loads the app says nothing of the app, so there is another one."""
        for _ in range(_MAX_KILLED_STARTS):
            try:
                return await self._start_one()
            except WorkerExited as exited:
                if not exited.was_killed:
                    raise
                _log.error("Failed to start a new language worker for runtime:python. %s", exited.message)
        return await self._start_one()

    async def _start_one(self) -> WorkerProcess:
        return await WorkerProcess.start(self._options.directory, self._options.log_levels)

    def _supervise(self, process: WorkerProcess) -> None:
        self._ready.append(process)
        self._notify()
        task = asyncio.create_task(self._replace_once_gone(process))
        self._supervising.add(task)
        task.add_done_callback(self._supervising.discard)

    async def _replace_once_gone(self, process: WorkerProcess) -> None:
        await process.gone
        self._ready.remove(process)
        if not process.was_ended:
            self._remember_death()
        while not self._is_closed and len(self._deaths) < _MAX_DEATHS * self._options.count:
            try:
                self._supervise(await self._start_one())
            except (CallLost, LocalHostError) as problem:
                _log.error("Failed to start a new language worker for runtime:python. %s", problem)
                self._remember_death()
            else:
                return
        if not self._ready and not self._is_closed:
            _log.error(GIVEN_UP)
            self.given_up.set()
        self._notify()

    def _remember_death(self) -> None:
        now = self._options.clock.now()
        if self._deaths and now - self._deaths[-1] > _DEATH_RETENTION:
            self._deaths.clear()
        self._deaths.append(now)

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
