"""A host for one app: the functions, the engine, the HTTP port and the triggers, put together, started and stopped."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from local_host.app.binding_types import BindingServices
from local_host.app.calls import FunctionWorker, Invoke
from local_host.app.function import Function
from local_host.app.host_json import HostConfig
from local_host.app.index import AppIndex
from local_host.app.inside import InsideWorker
from local_host.app.invoker import Invoker
from local_host.app.sdk_replay import quicken_replay
from local_host.app.sdk_session import close_client_session, renew_client_session
from local_host.bindings.running import TriggeredRun
from local_host.bindings.storage import StorageAccounts
from local_host.bindings.triggers import Triggers
from local_host.engine.clock import Clock, SystemClock
from local_host.engine.executor import Executor
from local_host.engine.operations import Operations
from local_host.engine.outcome import parent_trace_of
from local_host.engine.task_hub import TaskHub
from local_host.engine.worker import Worker
from local_host.management.api import ManagementApi
from local_host.web.admin_api import AdminApi
from local_host.web.cors import Cors
from local_host.web.limits import Limits
from local_host.web.pages import Pages
from local_host.web.routes import RouteTable, route_text
from local_host.web.server import HttpServer


@dataclass(frozen=True, kw_only=True)
class HostParts:
    """What a host is made of.

    listener: a bound socket. around_executor: puts something between engine and app (tests replace activities there);
    around_invoke: the same between triggers and app. worker: what calls the app's functions, None for this process itself.
    times_path: where timer functions keep their times. after_visibility_timeout: what an earlier host had in hand when it
    ended is handed out again only when the time of host.json has passed.
    """

    app: AppIndex
    config: HostConfig
    hub: TaskHub
    listener: socket.socket
    clock: Clock = field(default_factory=SystemClock)
    cors: Cors = field(default_factory=Cors)
    worker: FunctionWorker | None = None
    with_triggers: bool = True
    times_path: Path | None = None
    after_visibility_timeout: bool = False
    around_executor: Callable[[Executor], Executor] = lambda executor: executor
    around_invoke: Callable[[Invoke], Invoke] = lambda invoke: invoke


# A state that is kept nowhere.
MEMORY = ":memory:"


def times_path(state: str) -> Path | None:
    """Return where timer functions keep their times: beside the state file, if there is one."""
    return None if state == MEMORY else Path(f"{state}.timers.json")


def trace_of_instance(hub: TaskHub, instance_id: str) -> Mapping[str, str] | None:
    """Return the trace that an instance belongs to; None for none."""
    return parent_trace_of(hub.history_of(instance_id).events)


class Host:
    """Runs one app until it is stopped. The hub and the listener become its own."""

    def __init__(self, parts: HostParts) -> None:
        """Call it inside the event loop. Raises CannotStart for what the app declares wrongly."""
        parts = replace(parts, app=parts.app.only(parts.config.functions))
        self.app = parts.app
        durable = parts.config.durable
        self._parts = parts
        self._port: int = parts.listener.getsockname()[1]
        self._accounts = StorageAccounts()
        worker = parts.worker or InsideWorker(parts.app, parts.config.function_timeout)
        self.invoker = Invoker(parts.app, worker, lambda: self._services, partial(trace_of_instance, parts.hub))
        executor = parts.around_executor(self.invoker)
        self._invoke = parts.around_invoke(self.invoker.invoke)
        self.worker = Worker(parts.hub, executor, parts.clock, durable)
        self.operations = Operations(parts.hub, executor, parts.clock, durable)
        run = TriggeredRun(self._invoke, parts.clock)
        self._services = self._binding_services(run)
        self._triggers = Triggers(parts.app, self._services, run, listening=parts.with_triggers)
        self._server = self._make_server()

    @property
    def origin(self) -> str:
        """Where the host answers: `http://127.0.0.1:7071`."""
        return f"http://127.0.0.1:{self._port}"

    def url_of(self, function: Function) -> str | None:
        """Return the URL of an HTTP function as its route says it; None for other functions."""
        if function.trigger.type != "httpTrigger":
            return None
        return "/".join(part for part in (self.origin, self._parts.config.route_prefix, route_text(function)) if part)

    async def start(self) -> None:
        """Take up unfinished work, accept requests, listen to triggers."""
        quicken_replay()
        renew_client_session()
        await self.worker.start(after_visibility_timeout=self._parts.after_visibility_timeout)
        await self._server.start(self._parts.listener)
        self._triggers.start()

    async def stop(self, grace_s: float = 5.0) -> None:
        """Take nothing new, let running functions end for up to grace_s seconds, leave the rest for the next start."""
        await asyncio.gather(self._triggers.stop(grace_s), self._server.drain(grace_s), self.worker.stop(grace_s))
        await self._server.close()
        await close_client_session()
        await self.invoker.close()
        await self._accounts.close()
        self._parts.hub.close()

    async def until_idle(self) -> None:
        """Return when no triggered function runs and the engine has nothing ready."""
        await self._triggers.until_quiet()
        await self._server.until_quiet()
        await self.worker.until_idle()

    async def run_once(self, function: Function, value: str = "") -> None:
        """Run a timer, queue or blob function by hand."""
        await self._triggers.run_once(function, value)

    def _binding_services(self, run: TriggeredRun) -> BindingServices:
        parts = self._parts
        return BindingServices(
            run=run,
            clock=parts.clock,
            accounts=self._accounts,
            queues=parts.config.queues,
            origin=self.origin,
            hub_name=parts.config.durable.hub_name,
            environ=os.environ,
            times_path=parts.times_path,
            leaves_leases=parts.after_visibility_timeout,
        )

    def _make_server(self) -> HttpServer:
        parts, hub_name = self._parts, self._parts.config.durable.hub_name
        pages = Pages(parts.app, hub_name, url_of=self.url_of, operations=self.operations)
        admin = AdminApi(
            parts.app,
            hub_name,
            url_of=self.url_of,
            run_once=self.run_once,
            pages=pages,
            problem=lambda: parts.hub.problem,
        )
        return HttpServer(
            RouteTable(parts.app.with_trigger("httpTrigger"), parts.config.route_prefix),
            self._invoke,
            ManagementApi(self.operations, parts.config.durable),
            admin,
            pages,
            custom_headers=parts.config.custom_headers,
            cors=parts.cors,
            limits=Limits.of_this_process(),
        )
