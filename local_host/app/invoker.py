"""Runs the app's functions for the engine and for the triggers: the `Executor` of this host.

Orchestrators run on the event loop: they may not do anything that takes time, so a thread would only cost. Entities may,
so they and everything else run as the Python worker runs them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

import azure.functions as func
from azure.functions.meta import Datum

from local_host.app.binding_value import durable_client_value
from local_host.app.caller import Caller, CallResult, failure_of
from local_host.app.conversion import decode_trigger, encode_output
from local_host.app.function_context import Invocation, RetryContext, current_invocation
from local_host.app.http_calls import HttpCalls
from local_host.app.index import AppIndex, Function
from local_host.bindings.inputs import InputReader
from local_host.bindings.outputs import OutputSender
from local_host.bindings.path_values import path_values
from local_host.bindings.storage import is_storage_error
from local_host.executor import FunctionKind
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
    ) -> Awaitable[CallResult]:
        """Raises UserCodeFailed."""


class Invoker:
    """Calls the functions of one app. It implements `executor.Executor`."""

    def __init__(
        self, app: AppIndex, caller: Caller, inputs: InputReader, outputs: OutputSender, hub_name: str, origin: str
    ) -> None:
        """origin: where this host answers, such as `http://127.0.0.1:7071`; durable clients call back there."""
        self._app = app
        self._caller = caller
        self._inputs = inputs
        self._outputs = outputs
        self._hub_name = hub_name
        self._origin = origin
        self._http = HttpCalls()

    def find(self, kind: FunctionKind, name: str) -> str | None:
        function = self._app.find(kind, name)
        return function.durable_name if function else None

    def names(self, kind: FunctionKind) -> Sequence[str]:
        return self._app.durable_names(kind)

    async def run_orchestrator(self, name: str, payload: str) -> str:
        function = self._durable(FunctionKind.ORCHESTRATOR, name)
        token = current_invocation.set(Invocation(function=name))
        try:
            return str(function.call(**{function.trigger.name: func.OrchestrationContext(payload)}))
        except (Exception, SystemExit) as error:
            raise failure_of(error) from error
        finally:
            current_invocation.reset(token)

    async def run_entity(self, name: str, payload: str) -> str:
        function = self._durable(FunctionKind.ENTITY, name)
        result = await self.invoke(function, Datum(payload, "string"))
        return str(result.returned)

    async def run_activity(self, name: str, input_text: str, instance_id: str) -> str | None:
        function = self._durable(FunctionKind.ACTIVITY, name)
        result = await self.invoke(function, Datum(input_text, "json"), instance_id=instance_id)
        if result.returned is None:
            return None
        try:
            return str(encode_output("activityTrigger", result.returned).value)
        except ValueError as error:
            raise failure_of(error) from error

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
    ) -> CallResult:
        """Read a function's inputs, call it with its trigger's raw value, send its outputs. Raises UserCodeFailed."""
        arguments = self._arguments(function, datum, metadata)
        invocation = Invocation(function=function.name, instance_id=instance_id)
        if not function.binds_storage:
            return await self._caller.call(function, arguments, invocation, retry)
        values = path_values(function, datum, metadata or {}, instance_id)
        try:
            arguments |= await self._inputs.read(function, values)
            result = await self._caller.call(function, arguments, invocation, retry)
            await self._outputs.send(function, result, values)
        except (ValueError, SettingMissing) as error:
            raise failure_of(error) from error
        except Exception as error:
            # A storage account that refuses or is away fails the call, which its caller may try again.
            if is_storage_error(error):
                raise failure_of(error) from error
            raise
        return result

    async def until_threads_end(self) -> None:
        """Return when the functions that run in threads have ended, those too whose callers were cancelled."""
        await self._caller.until_threads_end()

    async def close(self) -> None:
        self._caller.close()
        await self._http.close()

    def _durable(self, kind: FunctionKind, name: str) -> Function:
        function = self._app.find(kind, name)
        if function is None:
            raise LookupError(f"no {kind} named {name!r}")
        return function

    def _arguments(self, function: Function, datum: Datum, metadata: Mapping[str, Datum] | None) -> dict[str, Any]:
        try:
            value = decode_trigger(function, datum, metadata)
        except (ValueError, TypeError, NotImplementedError, AttributeError) as error:
            raise failure_of(error) from error
        clients = {
            binding.name: durable_client_value(self._origin, self._hub_name, binding.fields)
            for binding in function.inputs
            if binding.type == "durableClient"
        }
        return {function.trigger.name: value, **clients}
