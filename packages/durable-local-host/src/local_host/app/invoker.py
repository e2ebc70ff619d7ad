"""Runs the app's functions for the engine and for the triggers: the `Executor` of this host."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from azure.functions.meta import Datum

from local_host.app.binding_types import (
    BindingServices,
    InputSource,
    OutputTarget,
    input_type,
    output_type,
    sent_outputs,
)
from local_host.app.call_log import CallLog
from local_host.app.caller import failure_of
from local_host.app.calls import FunctionAnswer, FunctionCall, FunctionWorker
from local_host.app.function import Function
from local_host.app.function_context import Invocation, RetryContext, TraceContext, has_telemetry, trace_of
from local_host.app.http_calls import HttpCalls
from local_host.app.index import AppIndex
from local_host.app.path_values import PathValues
from local_host.engine.errors import UserCodeFailed
from local_host.engine.executor import FunctionKind
from local_host.engine.failure_log import log_failed_operations


class Invoker:
    """Calls the functions of one app. It implements `executor.Executor`."""

    def __init__(
        self,
        app: AppIndex,
        worker: FunctionWorker,
        services: Callable[[], BindingServices],
        trace_of_instance: Callable[[str], Mapping[str, str] | None] = lambda _: None,
    ) -> None:
        """Make an invoker.

        Args:
            app: The functions.
            worker: Calls them.
            services: Returns what bindings need. It exists only once the triggers do, which run functions by this invoker.
            trace_of_instance: Returns the trace that an instance belongs to, as its history keeps it.
        """
        self._trace_of_instance = trace_of_instance
        self._app = app
        self._worker = worker
        self._services = services
        self._inputs: dict[str, InputSource] = {}
        self._outputs: dict[str, OutputTarget] = {}
        self._http = HttpCalls()
        self._has_telemetry = has_telemetry(os.environ)

    def find(self, kind: FunctionKind, name: str) -> str | None:
        """Return the registered spelling of a durable name; None when there is no such function."""
        function = self._app.find(kind, name)
        return function.durable_name if function else None

    def is_disabled(self, kind: FunctionKind, name: str) -> bool:
        """Return whether a setting disables the function."""
        return (kind, name.casefold()) in self._app.disabled

    def left_out(self, kind: FunctionKind, name: str) -> str | None:
        """Return why the function is not run; None when it is, or does not exist."""
        return self._app.not_run.get((kind, name.casefold()))

    def names(self, kind: FunctionKind) -> Sequence[str]:
        """Return the durable names of all functions of a kind."""
        return self._app.durable_names(kind)

    async def run_orchestrator(self, name: str, payload: str) -> str:
        """Replay an orchestrator; returns the SDK's answer."""
        return await self._run(FunctionKind.ORCHESTRATOR, name, Datum(payload, "string")) or ""

    async def run_entity(self, name: str, payload: str) -> str:
        """Run a batch of operations; returns the SDK's answer."""
        return await self._run(FunctionKind.ENTITY, name, Datum(payload, "string")) or ""

    async def run_activity(self, name: str, input_text: str, instance_id: str) -> str | None:
        """Run an activity; returns its result as JSON text."""
        return await self._run(FunctionKind.ACTIVITY, name, Datum(input_text, "json"), instance_id)

    async def call_http(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send the request of an orchestrator's `call_http`."""
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
            inputs={},
            invocation=Invocation(
                function=function.name, instance_id=instance_id, trace=self._trace(datum, instance_id)
            ),
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

    def _trace(self, datum: Datum, instance_id: str | None) -> TraceContext:
        if not self._has_telemetry:
            return TraceContext()
        if instance_id is not None and (kept := self._trace_of_instance(instance_id)):
            return trace_of({"traceparent": kept["TraceParent"], "tracestate": kept["TraceState"]}, os.environ)
        sent = datum.value["headers"] if datum.type == "http" else {}
        return trace_of({name: str(value.value) for name, value in sent.items()}, os.environ)

    async def _call(self, function: Function, call: FunctionCall) -> FunctionAnswer:
        sent = sent_outputs(function)
        if not function.inputs and not sent:
            return await self._worker.call(call)
        values = PathValues(function, call.trigger, call.metadata, call.invocation.instance_id)
        with _failing_the_call():
            inputs = {each.name: await self._input(each.type).read(each, values) for each in function.inputs}
        answer = await self._worker.call(replace(call, inputs=inputs))
        with _failing_the_call():
            for binding in sent:
                if binding.name in answer.outputs:
                    await self._output(binding.type).send(binding, answer.outputs[binding.name], values)
        return answer

    def _input(self, name: str) -> InputSource:
        if name not in self._inputs:
            found = input_type(name)
            assert found is not None, "a function with another binding is left out of the index"
            self._inputs[name] = found.source(self._services())
        return self._inputs[name]

    def _output(self, name: str) -> OutputTarget:
        if name not in self._outputs:
            found = output_type(name)
            assert found is not None, "a function with another binding is left out of the index"
            assert found.target is not None, "the response is no output that is sent"
            self._outputs[name] = found.target(self._services())
        return self._outputs[name]

    async def until_threads_end(self) -> None:
        """Return when the functions that run in threads have ended, those too whose callers were cancelled."""
        await self._worker.until_threads_end()

    async def close(self) -> None:
        """Release the worker and the connections."""
        await self._worker.close()
        await self._http.close()

    async def _run(self, kind: FunctionKind, name: str, datum: Datum, instance_id: str | None = None) -> str | None:
        """Call a durable function; the text that it returned."""
        function = self._app.find(kind, name)
        if function is None:
            raise LookupError(f"no {kind} named {name!r}")
        answer = await self.invoke(function, datum, instance_id=instance_id)
        return None if answer.returned is None else str(answer.returned.value)


@contextmanager
def _failing_the_call() -> Iterator[None]:
    """Fail the call with whatever a binding meets, as on the real host; its caller may try again."""
    try:
        yield
    except Exception as error:
        raise failure_of(error) from error
