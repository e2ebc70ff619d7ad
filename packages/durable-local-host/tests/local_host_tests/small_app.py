"""A small app for tests of the engine: real SDK handles around functions of the test, called in place."""

from __future__ import annotations

import inspect
import json
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import azure.durable_functions as df

from local_host.engine.clock import ManualClock
from local_host.engine.config import DurableConfig
from local_host.engine.errors import UserCodeFailed
from local_host.engine.executor import FunctionKind
from local_host.engine.faults import Faults
from local_host.engine.operations import Operations
from local_host.engine.task_hub import TaskHub
from local_host.engine.views import InstanceStatus
from local_host.engine.worker import Worker

Function = Callable[..., Any]
Code: TypeAlias = Generator[Any, Any, Any]
Context: TypeAlias = df.DurableOrchestrationContext
EntityContext: TypeAlias = df.DurableEntityContext


class SmallApp:
    """An Executor whose functions are registered by decorator. runs: how often each activity was called."""

    def __init__(self) -> None:
        self._functions: dict[FunctionKind, dict[str, Function]] = {kind: {} for kind in FunctionKind}
        self.runs: Counter[str] = Counter()
        self.batches: list[list[str]] = []
        self.histories: list[list[dict[str, Any]]] = []

    def orchestrator(self, function: Function) -> Function:
        self._functions[FunctionKind.ORCHESTRATOR][function.__name__] = df.Orchestrator.create(function)
        return function

    def activity(self, function: Function) -> Function:
        self._functions[FunctionKind.ACTIVITY][function.__name__] = function
        return function

    def entity(self, function: Function) -> Function:
        self._functions[FunctionKind.ENTITY][function.__name__] = df.Entity.create(function)
        return function

    def find(self, kind: FunctionKind, name: str) -> str | None:
        return next((known for known in self._functions[kind] if known.lower() == name.lower()), None)

    def left_out(self, kind: FunctionKind, name: str) -> str | None:
        return None

    def is_disabled(self, kind: FunctionKind, name: str) -> bool:
        return False

    def names(self, kind: FunctionKind) -> Sequence[str]:
        return list(self._functions[kind])

    async def run_orchestrator(self, name: str, payload: str) -> str:
        self.histories.append(json.loads(payload)["history"])
        return str(_guarded(self._functions[FunctionKind.ORCHESTRATOR][name], payload))

    async def run_activity(self, name: str, input_text: str, instance_id: str) -> str | None:
        self.runs[name] += 1
        result = _guarded(self._functions[FunctionKind.ACTIVITY][name], json.loads(input_text))
        if inspect.isawaitable(result):
            result = await result
        return None if result is None else json.dumps(result)

    async def run_entity(self, name: str, payload: str) -> str:
        self.batches.append([operation["name"] for operation in json.loads(payload)["batch"]])
        return str(_guarded(self._functions[FunctionKind.ENTITY][name], payload))

    async def call_http(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if "closed" in request["uri"]:
            raise UserCodeFailed("ClientConnectorError", f"Cannot connect to {request['uri']}")
        return {"statusCode": 404, "headers": {}, "content": request["method"]}


def simple_app() -> SmallApp:
    """Yield an app whose `waits` returns the event E, and whose `says` returns its input at once."""
    app = SmallApp()

    @app.orchestrator
    def waits(context: Context) -> Code:
        return (yield context.wait_for_external_event("E"))

    @app.orchestrator
    def says(context: Context) -> Any:
        return context.get_input()

    return app


def _guarded(function: Function, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception as error:
        raise UserCodeFailed(type(error).__name__, str(error), traceback.format_exc()) from error


class Engine:
    """A running engine with its clock in the hands of the test."""

    def __init__(self, hub: TaskHub, app: SmallApp, clock: ManualClock, config: DurableConfig) -> None:
        self.hub = hub
        self.app = app
        self.clock = clock
        self.worker = Worker(hub, app, clock, config)
        self.operations = Operations(hub, app, clock, config)
        clock.settle_with(self.worker.until_idle)

    async def start(self, name: str | Function, value: Any = None, instance_id: str | None = None, **more: Any) -> str:
        """Start as the SDK's client does (input encoded twice) and let the engine come to rest."""
        text = None if value is None else json.dumps(json.dumps(value))
        function_name = name if isinstance(name, str) else name.__name__
        started = await self.operations.start(function_name, text, instance_id, **more)
        await self.worker.until_idle()
        return started

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        await self.worker.until_idle()

    async def run(self, name: str | Function, value: Any = None, **more: Any) -> InstanceStatus:
        return await self.status(await self.start(name, value, **more))

    async def status(self, instance_id: str) -> InstanceStatus:
        return await self.operations.status(instance_id, with_history=True)

    async def raise_event(self, instance_id: str, name: str, value: Any = None) -> None:
        """As the SDK's client does."""
        await self.operations.raise_event(instance_id, name, json.dumps(json.dumps(value)))
        await self.worker.until_idle()


@asynccontextmanager
async def running(
    app: SmallApp,
    path: Path | str = ":memory:",
    *,
    clock: ManualClock | None = None,
    faults: Faults | None = None,
    config: DurableConfig | None = None,
) -> AsyncIterator[Engine]:
    hub = TaskHub.open(path, faults)
    engine = Engine(hub, app, clock or ManualClock(), config or DurableConfig())
    await engine.worker.start()
    try:
        yield engine
    finally:
        await engine.worker.stop(grace_s=0)
        hub.close()


def output_of(status: InstanceStatus) -> Any:
    """Return the output as the management API shows it."""
    try:
        return json.loads(status.output or "null")
    except ValueError:
        return status.output


def event_types(status: InstanceStatus) -> list[int]:
    """Event numbers of the history without the frame of each episode."""
    assert status.history is not None
    return [event["EventType"] for event in status.history if event["EventType"] not in (12, 13)]
