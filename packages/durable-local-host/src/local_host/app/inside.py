"""A worker inside the host's own process: quick, and easy to look into, but a crash of the app is one of the host."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from datetime import timedelta
from functools import partial
from typing import Any

from azure.functions.meta import Datum

from local_host.app.binding_types import input_type, sent_outputs
from local_host.app.caller import Caller, CallResult, failure_of
from local_host.app.calls import FunctionAnswer, FunctionCall
from local_host.app.conversion import decode_input, decode_trigger, encode_output
from local_host.app.executing import executing
from local_host.app.function import Function
from local_host.app.index import AppIndex
from local_host.app.operation_failures import failed_operations, note_failed_operations
from local_host.engine.errors import OperationFailed
from local_host.engine.executor import FunctionKind

# What the SDK's converters raise for a value that they do not take.
_REFUSALS = (ValueError, TypeError, NotImplementedError, AttributeError)


class InsideWorker:
    """Calls functions of an app that this process has imported. It implements `calls.FunctionWorker`."""

    def __init__(self, app: AppIndex, function_timeout: timedelta | None) -> None:
        note_failed_operations()
        self._app = app
        self._caller = Caller(app.directory, function_timeout)

    async def call(self, call: FunctionCall) -> FunctionAnswer:
        """Call a function of the app in this process. Raises UserCodeFailed."""
        function = self._app.functions[call.function]
        failed: list[OperationFailed] = []
        failed_operations.set(failed)
        result = await self._caller.call(function, _arguments(function, call), call.invocation, call.retry)
        return _answer(function, result, failed)

    def is_coroutine(self, call: FunctionCall) -> bool:
        """Return whether it is a call of a coroutine function, which runs on the event loop."""
        function = self._app.functions.get(call.function)
        return function is not None and function.is_async

    def begin(self, call: FunctionCall) -> Future[FunctionAnswer]:
        """Begin a call of a function that is no coroutine function: a thread does all of it. The future has what `call` returns.

        There is no time limit. Nothing of it waits on the event loop, for which each wait would be one more turn.
        """
        return self._caller.submit(partial(self._call_here, call, asyncio.get_running_loop()))

    async def until_threads_end(self) -> None:
        """Return when the functions that run in threads have ended."""
        await self._caller.until_threads_end()

    async def close(self) -> None:
        """Release the threads; what still runs in them is not waited for."""
        self._caller.close()

    def _call_here(self, call: FunctionCall, loop: asyncio.AbstractEventLoop) -> FunctionAnswer:
        function = self._app.functions[call.function]
        failed: list[OperationFailed] = []
        failed_operations.set(failed)
        arguments = _arguments(function, call)
        with executing(call.invocation, loop):
            result = self._caller.call_here(function, arguments, call.invocation, call.retry)
        return _answer(function, result, failed)


def _answer(function: Function, result: CallResult, failed: list[OperationFailed]) -> FunctionAnswer:
    try:
        return FunctionAnswer(_returned(function, result), _outputs(function, result), failed)
    except _REFUSALS as error:
        raise failure_of(error) from error


def _arguments(function: Function, call: FunctionCall) -> dict[str, Any]:
    try:
        arguments = {function.trigger.name: decode_trigger(function, call.trigger, call.metadata)}
        for binding in function.inputs:
            value = call.inputs.get(binding.name)
            found = input_type(binding.type)
            if found is not None and found.is_text and value is not None:
                arguments[binding.name] = value.value
            else:
                arguments[binding.name] = decode_input(function, binding, value)
    except _REFUSALS as error:
        raise failure_of(error) from error
    return arguments


def _returned(function: Function, result: CallResult) -> Datum | None:
    if function.trigger.type == "httpTrigger":
        return _response(function, result)
    if function.kind is FunctionKind.ACTIVITY:
        return None if result.returned is None else encode_output(function.trigger.type, result.returned)
    # The SDK's handles of orchestrators and entities return the text that the extension reads.
    return None if function.kind is None else Datum(str(result.returned), "string")


def _response(function: Function, result: CallResult) -> Datum | None:
    """Return the response; None when it is a parameter that was not set, or when there is none."""
    binding = next((binding for binding in function.outputs if binding.type == "http"), None)
    if binding is None:
        return None
    if binding.name == "$return":
        return encode_output("http", result.returned)
    response = result.outputs.get(binding.name)
    return None if response is None else encode_output("http", response)


def _outputs(function: Function, result: CallResult) -> dict[str, Datum]:
    outputs: dict[str, Datum] = {}
    for binding in sent_outputs(function):
        value = result.returned if binding.name == "$return" else result.outputs.get(binding.name)
        if value is not None:
            outputs[binding.name] = encode_output(binding.type, value)
    return outputs
