"""An app that runs inside a test: its real functions, the real engine, a real HTTP port, and a clock the test moves."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from azure.durable_functions.models.utils.df_serialization import df_dumps

from local_host.app.calls import FunctionWorker
from local_host.app.host_json import HostConfig, read_host_config
from local_host.app.index import AppIndex
from local_host.engine.clock import ManualClock
from local_host.engine.errors import EntityNotFound
from local_host.engine.executor import FunctionKind
from local_host.engine.history import COMPLETES, OPENS, EventType
from local_host.engine.operations import Operations
from local_host.engine.task_hub import TaskHub
from local_host.engine.views import InstanceStatus
from local_host.hosting.host import MEMORY, Host, HostParts, times_path
from local_host.management.bodies import json_value
from local_host.testing.crashes import CrashFaults
from local_host.testing.doubles import Activity, ActivityCall, DoubledExecutor, Doubles
from local_host.testing.http_client import HttpClient
from local_host.testing.loading import environment, imported
from local_host.testing.recording import make_recording
from local_host.testing.worker_death import Call, DeathOrder, MortalExecutor, MortalWorker, mortal_invoke
from local_host.web.server import bind


class StillRunning(AssertionError):
    """`wait` found that the instance has not ended and nothing goes on by itself. The text says what it waits for."""


@dataclass(frozen=True, kw_only=True)
class Instance:
    """The status of an instance, with its values decoded.

    What the SDK's client sends as input is a text that holds JSON; so `input` is that text, as in the status query.
    """

    id: str
    name: str
    runtime_status: str
    input: Any
    output: Any
    custom_status: Any
    created_at: datetime
    last_updated_at: datetime


class AppHost:
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
        self.app = app
        self.clock = clock
        self.crashes = CrashFaults()
        self._config = config
        self._state = state
        self._with_triggers = with_triggers
        self._redelivers_late = redelivers_late
        self._calls_by = worker
        self._doubles = Doubles()
        self._worker = MortalWorker(self._until_threads_end)
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
        """End the host as a kill does, nothing more is stored, and start it again on the same state file."""
        if self._state == MEMORY:
            raise ValueError("State in memory does not survive a restart; give the host a state file.")
        self.crashes.crash()
        await self._running.stop(grace_s=0)
        twice = self.crashes.twice
        self.crashes = CrashFaults()
        self.crashes.twice = twice
        await self.open()

    async def crashes_during(self, work: Awaitable[object]) -> bool:
        """Whether the host dies, as `crash_before_commit` or `crash_after_commit` said, before `work` ends.

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
        """Start; used by `running_app` and `restart`."""
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

    async def close(self) -> None:
        """Stop the host at once."""
        await self.http.close()
        if self._host is not None:
            await self._host.stop(grace_s=0)

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
            raise StillRunning(_describe(status))
        return _instance(status)

    async def status(self, instance_id: str) -> Instance:
        """Return the status now. Raises InstanceNotFound."""
        return _instance(await self.operations.status(instance_id))

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

    # Doubles and faults.

    @property
    def activity_calls(self) -> list[ActivityCall]:
        """Every call of an activity so far, replaced ones included."""
        return self._doubles.calls

    @property
    def orchestrator_runs(self) -> Counter[str]:
        """How often each orchestrator's code has run so far: once when it starts, and a replay for all that it waited for."""
        return self._doubles.orchestrator_runs

    @property
    def entity_runs(self) -> Counter[str]:
        """How often each entity has been given a batch of operations so far."""
        return self._doubles.entity_runs

    @property
    def worker_deaths(self) -> int:
        """How often the worker process has died, as `kill_worker` said."""
        return self._worker.deaths

    def replace_activity(self, name: str, function: Callable[[Any], Any]) -> None:
        """Call `function` with the decoded input in place of an activity. It may be `async`; it returns plain JSON."""
        self.wrap_activity(name, lambda value, activity: function(value))

    def wrap_activity(self, name: str, function: Callable[[Any, Activity], Any]) -> None:
        """Replace an activity by a function that gets the activity itself as second argument: `await activity(value)` calls it."""
        self._doubles.replaced[self._activity(name)] = function

    def restore_activity(self, name: str) -> None:
        """Call the activity itself again."""
        del self._doubles.replaced[self._activity(name)]

    def fail_activity(self, name: str, *, attempt: int = 1, error: Exception | None = None) -> None:
        """Let the Nth call of an activity raise instead of run (1 is the first call in this host's life)."""
        self._doubles.failures[name.casefold(), attempt] = error or RuntimeError("made to fail by the test")

    def run_everything_twice(self, *, at_once: bool = False) -> None:
        """Run all code twice and deliver all messages twice, as a host may that dies at the wrong moments.

        at_once: both runs of an activity at the same time, as when a process that counts as dead still lives.
        """
        self._doubles.twice, self._doubles.at_once = True, at_once
        self.crashes.twice = True

    def _activity(self, name: str) -> str:
        found = self.app.find(FunctionKind.ACTIVITY, name)
        if found is None:
            known = ", ".join(self.app.durable_names(FunctionKind.ACTIVITY))
            raise LookupError(f"There is no activity '{name}'; the app has {known}.")
        return found.durable_name.casefold()

    def kill_worker(
        self, *, during: Call, name: str | None = None, nth: int = 1, when: Literal["before", "after"] = "before"
    ) -> None:
        """Let the worker process die in the middle of the Nth such call from now (of any name, unless one is given).

        before: before the code has had any effect; after: its code has run, and its answer is lost. The host goes on, and
        what the worker had in hand ends as on the real host: orchestrations fail for good, activities come back as
        failed, batches of entities are repeated, HTTP functions answer 500, other functions have failed. `worker_deaths`
        says whether it has come to it.
        """
        folded = None if name is None else name.casefold()
        self._worker.die_during(DeathOrder(during=during, name=folded, left=nth, when=when))

    def crash_before_commit(self, commits: int = 1) -> None:
        """Die just before the Nth commit from now. `restart` brings the host back."""
        self.crashes.arm(commits, after=False)

    def crash_after_commit(self, commits: int = 1) -> None:
        """Die just after the Nth commit from now, before any caller learns of it. `restart` brings the host back."""
        self.crashes.arm(commits, after=True)

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
            await host.close()


def _instance(status: InstanceStatus) -> Instance:
    return Instance(
        id=status.instance_id,
        name=status.name,
        runtime_status=status.runtime_status.value,
        input=json_value(status.input),
        output=json_value(status.output),
        custom_status=json_value(status.custom_status),
        created_at=status.created_at,
        last_updated_at=status.last_updated_at,
    )


def _describe(status: InstanceStatus) -> str:
    opened = {event["EventId"]: event for event in status.history or () if event["EventType"] in OPENS}
    for event in status.history or ():
        if event["EventType"] in COMPLETES:
            opened.pop(event[COMPLETES[event["EventType"]]], None)
    waits = [_open_work(event) for event in opened.values()] or ["an event, an entity, or resume"]
    custom = f" Its custom status is {status.custom_status}." if status.custom_status else ""
    return (
        f"{status.name} '{status.instance_id}' is still {status.runtime_status.value} and waits for {', '.join(waits)}."
        f"{custom} Move time with advance(), or raise the event it waits for."
    )


def _open_work(event: Mapping[str, Any]) -> str:
    if event["EventType"] == EventType.TIMER_CREATED:
        return f"the timer of {event['FireAt']}"
    return f"{event['Name']} (id {event['EventId']})"
