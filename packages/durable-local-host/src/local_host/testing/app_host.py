"""An app that runs inside a test: its real functions, the real engine, a real HTTP port, and a clock the test moves."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from azure.durable_functions.models.utils.df_serialization import df_dumps

from local_host.app.calls import FunctionWorker
from local_host.app.host_json import HostConfig, read_host_config
from local_host.app.index import AppIndex
from local_host.engine.clock import ManualClock
from local_host.engine.errors import EntityNotFound
from local_host.engine.operations import Operations
from local_host.engine.task_hub import TaskHub
from local_host.hosting.host import MEMORY, Host, HostParts, times_path
from local_host.management.bodies import json_value
from local_host.testing.controls import Controls
from local_host.testing.crashes import CrashFaults
from local_host.testing.doubles import DoubledExecutor
from local_host.testing.http_client import HttpClient
from local_host.testing.instances import Instance, StillRunning, describe_wait, instance_of
from local_host.testing.loading import environment, imported
from local_host.testing.recording import make_recording
from local_host.testing.worker_death import MortalExecutor, MortalWorker, mortal_invoke
from local_host.web.server import bind

# A thread cannot be stopped: what still runs in one at the end of a test would act in the next.
_GRACE_S = 2.0


class AppHost(Controls):
    """One running app. Everything a test does to it goes through here."""

    def __init__(
        self,
        app: AppIndex,
        config: HostConfig,
        state: str,
        clock: ManualClock,
        *,
        with_triggers: bool,
        redelivers_late: bool,
        worker: FunctionWorker | None = None,
    ) -> None:
        super().__init__(app, MortalWorker(self._until_threads_end))
        self.clock = clock
        self._config = config
        self._state = state
        self._with_triggers = with_triggers
        self._redelivers_late = redelivers_late
        self._calls_by = worker
        self._host: Host | None = None
        self.http = HttpClient(lambda: self.origin)
        clock.settle_with(self.run_until_idle)

    # The host.

    @property
    def origin(self) -> str:
        """Where the app answers; it changes with every restart."""
        return self._running.origin

    @property
    def operations(self) -> Operations:
        """Everything the management API does, without HTTP."""
        return self._running.operations

    @property
    def visibility_timeout(self) -> timedelta:
        """How long what a host had in hand when it ended is out of sight, where redelivers_late is on."""
        durable = self._config.durable
        return max(durable.control_queue_visibility_timeout, durable.work_item_queue_visibility_timeout)

    async def restart(self) -> None:
        """End the host as a kill does, nothing more is stored, and start it again on the same state file.

        Raises:
            ValueError: The state is in memory, which does not survive.
        """
        if self._state == MEMORY:
            raise ValueError("State in memory does not survive a restart; give the host a state file.")
        self.crashes.crash()
        await self._running.stop(grace_s=0)
        twice = self.crashes.twice
        self.crashes = CrashFaults()
        self.crashes.twice = twice
        await self.open()

    async def crashes_during(self, work: Awaitable[object]) -> bool:
        """Return whether the host dies, as `crash_before_commit` or `crash_after_commit` said, before `work` ends.

        Work that is interrupted so is cancelled, and what it raises of that is ignored; `restart` comes next.
        """
        crash, doing = asyncio.ensure_future(self.crashes.is_over.wait()), asyncio.ensure_future(work)
        try:
            await asyncio.wait((crash, doing), return_when=asyncio.FIRST_COMPLETED)
            if not self.crashes.has_crashed:
                await doing
            return self.crashes.has_crashed
        finally:
            crash.cancel()
            doing.cancel()
            await asyncio.gather(crash, doing, return_exceptions=True)

    async def open(self) -> None:
        """Start the host; used by `running_app` and `restart`."""
        with ExitStack() as unless_started:
            hub = unless_started.enter_context(closing(TaskHub.open(self._state, self.crashes)))
            listener = unless_started.enter_context(closing(bind("127.0.0.1", 0)))
            parts = HostParts(
                app=self.app,
                config=self._config,
                hub=hub,
                listener=listener,
                clock=self.clock,
                with_triggers=self._with_triggers,
                after_visibility_timeout=self._redelivers_late,
                times_path=times_path(self._state),
                worker=self._calls_by,
                around_executor=lambda executor: MortalExecutor(DoubledExecutor(executor, self._doubles), self._worker),
                around_invoke=lambda invoke: mortal_invoke(invoke, self._worker),
            )
            self._host = Host(parts)
            unless_started.pop_all()
        await self._host.start()

    async def close(self, grace_s: float = 0) -> None:
        """Stop the host, at once unless running functions are given time to end."""
        await self.http.close()
        if self._host is not None:
            await self._host.stop(grace_s=grace_s)

    @property
    def _running(self) -> Host:
        if self._host is None:
            raise RuntimeError("The host has not been started.")
        return self._host

    async def _until_threads_end(self) -> None:
        await self._running.invoker.until_threads_end()

    # Time.

    async def run_until_idle(self) -> None:
        """Let everything happen that can happen without time passing."""
        await self._running.until_idle()

    async def advance(
        self,
        delta: timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Move time forward. Whatever falls due on the way happens at its own time, with all its consequences."""
        await self.clock.advance(delta, days=days, hours=hours, minutes=minutes, seconds=seconds)

    # Orchestrations. Values are encoded as the SDK's client encodes them.

    async def start(
        self, orchestrator: str, value: Any = None, *, instance_id: str | None = None, version: str | None = None
    ) -> str:
        """Start an orchestration as `client.start_new` does; returns its id."""
        text = None if value is None else json.dumps(df_dumps(value))
        return await self.operations.start(orchestrator, text, instance_id, version)

    async def wait(self, instance_id: str) -> Instance:
        """Let everything happen without time passing; the instance must have ended by then.

        Raises StillRunning when it has not: it waits for an event, for time to pass, or for an entity.
        """
        await self.run_until_idle()
        status = await self.operations.status(instance_id, with_history=True)
        if not status.runtime_status.has_ended:
            raise StillRunning(describe_wait(status))
        return instance_of(status)

    async def status(self, instance_id: str) -> Instance:
        """Return the status now. Raises InstanceNotFound."""
        return instance_of(await self.operations.status(instance_id))

    async def raise_event(self, instance_id: str, name: str, value: Any = None) -> None:
        """Raise an event as `client.raise_event` does: the orchestrator receives a text that holds JSON."""
        await self.operations.raise_event(instance_id, name, json.dumps(json.dumps(value)))

    # Entities.

    async def entity(self, name: str, key: str) -> Any:
        """Return the state of an entity once everything has happened, None when it does not exist."""
        await self.run_until_idle()
        try:
            return json_value((await self.operations.read_entity(name, key)).state)
        except EntityNotFound:
            return None

    async def signal_entity(self, name: str, key: str, operation: str, value: Any = None) -> None:
        """Signal as `client.signal_entity` does."""
        text = json.dumps(json.dumps(value)) if value else None
        await self.operations.signal_entity(name, key, operation, text)

    # Other functions.

    async def run(self, function: str, value: str = "") -> None:
        """Run a timer, queue or blob function once. value: the queue message's text, or the blob's path."""
        await self._running.run_once(self.app.functions[function], value)
        await self.run_until_idle()

    # Recordings.

    async def record(self, instance_id: str) -> dict[str, Any]:
        """Return the history of an instance as a JSON object, for `replay`."""
        await self.run_until_idle()
        return make_recording(await self.operations.status(instance_id, with_history=True))


@asynccontextmanager
async def running_app(
    directory: Path | str,
    *,
    state: Path | str = MEMORY,
    clock: ManualClock | None = None,
    settings: Mapping[str, str] | None = None,
    with_triggers: bool = False,
    redelivers_late: bool = False,
    worker: FunctionWorker | None = None,
) -> AsyncIterator[AppHost]:
    """Run an app until the block ends. settings: environment variables for as long as it runs. state: a file, or memory.

    The working directory stays what it is. Timer, queue and blob functions run only when `run` is called, unless
    with_triggers says that they are to be triggered: timers by the test's clock, the others by their storage account.
    redelivers_late: what a host had in hand when it ended comes again only `visibility_timeout` after the next start, by the
    test's clock, as in Azure; else at once. worker: what calls the functions, a worker outside of this process say.
    """
    with environment({"FUNCTIONS_WORKER_RUNTIME": "python", **(settings or {})}), imported(directory) as app:
        config = read_host_config(app.directory, os.environ)
        host = AppHost(
            app,
            config,
            str(state),
            clock or ManualClock(),
            with_triggers=with_triggers,
            redelivers_late=redelivers_late,
            worker=worker,
        )
        try:
            await host.open()
            yield host
        finally:
            await host.close(_GRACE_S)
