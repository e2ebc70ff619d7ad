"""Runs the app's functions for the engine and for the triggers: the `Executor` of this host."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from azure.functions.meta import Datum

from local_host.app.binding_value import durable_client_value
from local_host.app.call_log import CallLog
from local_host.app.caller import failure_of
from local_host.app.calls import FunctionAnswer, FunctionCall, FunctionWorker
from local_host.app.function_context import Invocation, RetryContext, TraceContext, trace_of
from local_host.app.http_calls import HttpCalls
from local_host.app.index import AppIndex, Function
from local_host.bindings.inputs import InputReader
from local_host.bindings.outputs import OutputSender
from local_host.bindings.path_values import path_values
from local_host.bindings.storage import is_storage_error
from local_host.errors import UserCodeFailed
from local_host.executor import FunctionKind
from local_host.failure_log import log_failed_operations
from local_host.start_problems import SettingMissing


class Invoke(Protocol):
    """How triggers call a function: `Invoker.invoke`, or what a test puts around it."""

    def __call__(
        self,
        function: Function,
        datum: Datum,
        metadata: Mapping[str, Datum] | None = None,
        *,
        retry: RetryContext | None = None,
    ) -> Awaitable[FunctionAnswer]:
        """Raises UserCodeFailed."""


class Invoker:
    """Calls the functions of one app. It implements `executor.Executor`."""

    def __init__(
        self,
        app: AppIndex,
        worker: FunctionWorker,
        inputs: InputReader,
        outputs: OutputSender,
        hub_name: str,
        origin: str,
    ) -> None:
        """origin: where this host answers, such as `http://127.0.0.1:7071`; durable clients call back there."""
        self._app = app
        self._worker = worker
        self._inputs = inputs
        self._outputs = outputs
        self._hub_name = hub_name
        self._origin = origin
        self._http = HttpCalls()

    def find(self, kind: FunctionKind, name: str) -> str | None:
        function = self._app.find(kind, name)
        return function.durable_name if function else None

    def is_disabled(self, kind: FunctionKind, name: str) -> bool:
        return (kind, name.casefold()) in self._app.disabled

    def left_out(self, kind: FunctionKind, name: str) -> str | None:
        return self._app.not_run.get((kind, name.casefold()))

    def names(self, kind: FunctionKind) -> Sequence[str]:
        return self._app.durable_names(kind)

    async def run_orchestrator(self, name: str, payload: str) -> str:
        return await self._run(FunctionKind.ORCHESTRATOR, name, Datum(payload, "string")) or ""

    async def run_entity(self, name: str, payload: str) -> str:
        return await self._run(FunctionKind.ENTITY, name, Datum(payload, "string")) or ""

    async def run_activity(self, name: str, input_text: str, instance_id: str) -> str | None:
        return await self._run(FunctionKind.ACTIVITY, name, Datum(input_text, "json"), instance_id)

    async def call_http(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return await self._http.send(request)

    async def invoke(
        self,
        function: Function,
        datum: Datum,
        metadata: Mapping[str, Datum] | None = None,
        *,
        instance_id: str | None = None,
        retry: RetryContext | None = None,
    ) -> FunctionAnswer:
        """Read a function's inputs, call it with its trigger's raw value, send its outputs. Raises UserCodeFailed."""
        call = FunctionCall(
            function=function.name,
            trigger=datum,
            metadata=metadata,
            inputs=self._clients(function),
            invocation=Invocation(function=function.name, instance_id=instance_id, trace=_trace(datum)),
            retry=retry,
        )
        log = CallLog(function, call.invocation, metadata)
        try:
            answer = await self._call(function, call)
        except UserCodeFailed as failure:
            log.failed(failure)
            raise
        if answer.failed_operations:
            log_failed_operations(function.name, log.execution, answer.failed_operations)
        else:
            log.succeeded()
        return answer

    async def _call(self, function: Function, call: FunctionCall) -> FunctionAnswer:
        if not function.binds_storage:
            return await self._worker.call(call)
        values = path_values(function, call.trigger, call.metadata or {}, call.invocation.instance_id)
        try:
            read = await self._inputs.read(function, values)
            answer = await self._worker.call(replace(call, inputs={**call.inputs, **read}))
            await self._outputs.send(function, answer.outputs, values)
        except (ValueError, SettingMissing) as error:
            raise failure_of(error) from error
        except Exception as error:
            # A storage account that refuses or is away fails the call, which its caller may try again.
            if is_storage_error(error):
                raise failure_of(error) from error
            raise
        return answer

    async def until_threads_end(self) -> None:
        """Return when the functions that run in threads have ended, those too whose callers were cancelled."""
        await self._worker.until_threads_end()

    async def close(self) -> None:
        await self._worker.close()
        await self._http.close()

    async def _run(self, kind: FunctionKind, name: str, datum: Datum, instance_id: str | None = None) -> str | None:
        """Call a durable function; the text that it returned."""
        function = self._app.find(kind, name)
        if function is None:
            raise LookupError(f"no {kind} named {name!r}")
        answer = await self.invoke(function, datum, instance_id=instance_id)
        return None if answer.returned is None else str(answer.returned.value)

    def _clients(self, function: Function) -> dict[str, Datum | None]:
        return {
            binding.name: Datum(durable_client_value(self._origin, self._hub_name, binding.fields), "string")
            for binding in function.inputs
            if binding.type == "durableClient"
        }


def _trace(datum: Datum) -> TraceContext:
    sent = datum.value["headers"] if datum.type == "http" else {}
    return trace_of({name: str(value.value) for name, value in sent.items()}, os.environ)
