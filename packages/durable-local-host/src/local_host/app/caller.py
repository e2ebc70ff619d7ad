"""One call of a function of the app: its thread or task, its outputs, its exception.

As in the Python worker, coroutine functions run on the event loop and all others in one pool of threads, whose size is
PYTHON_THREADPOOL_THREAD_COUNT.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import azure.functions as func

from local_host.app.executing import executing
from local_host.app.function import Function
from local_host.app.function_context import THREAD_LOCAL, Context, Invocation, RetryContext
from local_host.app.stacks import chain
from local_host.app.type_checks import has_implicit_output
from local_host.engine.errors import FunctionTimedOut, UserCodeFailed
from local_host.engine.payload import duration_text

R = TypeVar("R")


@dataclass(frozen=True)
class CallResult:
    """returned: the return value; outputs: values set on `func.Out` parameters, by parameter."""

    returned: Any
    outputs: Mapping[str, Any]


class Out(func.Out[Any]):
    """The value of one output parameter; one that is never set sends nothing."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        """Set the value that is sent."""
        self._value = val

    def get(self) -> Any:
        """Return the value that was set."""
        return self._value


class Caller:
    """Calls functions with the arguments of their bindings."""

    def __init__(self, directory: Path, function_timeout: timedelta | None) -> None:
        """Make a caller. function_timeout: how long one call may take, None for as long as it wants."""
        self._directory = directory
        self._timeout = function_timeout
        self._pool = ThreadPoolExecutor(_thread_count(), thread_name_prefix="function")
        self._in_threads: set[Future[Any]] = set()

    async def call(
        self,
        function: Function,
        arguments: Mapping[str, Any],
        invocation: Invocation,
        retry: RetryContext | None = None,
    ) -> CallResult:
        """Call with inputs by parameter name. Raises UserCodeFailed when the function's code raises or takes too long."""
        outs = _outs(function)
        keywords = self._keywords(function, {**arguments, **outs}, invocation, retry)
        return _result(function, await self._run(function, keywords, invocation), outs)

    def call_here(
        self, function: Function, arguments: Mapping[str, Any], invocation: Invocation, retry: RetryContext | None
    ) -> CallResult:
        """Call a function that is no coroutine function in this thread. Raises UserCodeFailed when its code raises."""
        outs = _outs(function)
        keywords = self._keywords(function, {**arguments, **outs}, invocation, retry)
        try:
            returned = _call_in_thread(function.call, keywords, invocation.id)
        except (Exception, SystemExit) as error:
            raise failure_of(error) from error
        return _result(function, returned, outs)

    def submit(self, work: Callable[[], R]) -> Future[R]:
        """Have a thread of the pool do some work, with the context variables of the one who asks for it."""
        running = self._pool.submit(contextvars.copy_context().run, work)
        self._in_threads.add(running)
        running.add_done_callback(self._in_threads.discard)
        return running

    def close(self) -> None:
        """Release the threads; a function that still runs in one is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def until_threads_end(self) -> None:
        """Return when the functions that run in threads have ended, those too whose callers were cancelled."""
        await asyncio.to_thread(wait, tuple(self._in_threads))

    async def _run(self, function: Function, keywords: Mapping[str, Any], invocation: Invocation) -> Any:
        limit = asyncio.timeout(self._timeout.total_seconds() if self._timeout else None)
        try:
            with executing(invocation, asyncio.get_running_loop()):
                async with limit:
                    return await self._run_unlimited(function, keywords, invocation)
        except (Exception, SystemExit) as error:
            raise self._timed_out(invocation) if limit.expired() else failure_of(error) from error

    async def _run_unlimited(self, function: Function, keywords: Mapping[str, Any], invocation: Invocation) -> Any:
        if function.is_async:
            return await function.call(**keywords)
        call = partial(_call_in_thread, function.call, keywords, invocation.id)
        return await asyncio.wrap_future(self.submit(call))

    def _keywords(
        self, function: Function, keywords: dict[str, Any], invocation: Invocation, retry: RetryContext | None
    ) -> dict[str, Any]:
        if function.wants_context:
            keywords["context"] = Context(invocation, self._directory, retry)
        return keywords

    def _timed_out(self, invocation: Invocation) -> FunctionTimedOut:
        """Return the failure. A thread cannot be stopped, so code that is not `async` goes on, and its result is dropped."""
        assert self._timeout is not None
        return timed_out(invocation, self._timeout)


def timed_out(invocation: Invocation, limit: timedelta) -> FunctionTimedOut:
    """Make the failure of a call that took longer than `functionTimeout`."""
    return FunctionTimedOut(invocation.function, duration_text(limit).removeprefix("0."), invocation.id)


def failure_of(error: BaseException) -> UserCodeFailed:
    """Return the failure of user code as the engine knows it; the stack leaves out the frames of this host."""
    raised, *causes = chain(error)
    return UserCodeFailed(raised.type_name, raised.message, raised.stack, causes)


def _call_in_thread(call: Callable[..., Any], keywords: Mapping[str, Any], invocation_id: str) -> Any:
    THREAD_LOCAL.invocation_id = invocation_id
    try:
        return call(**keywords)
    finally:
        THREAD_LOCAL.invocation_id = None


def _outs(function: Function) -> dict[str, Out]:
    return {binding.name: Out() for binding in function.outputs if binding.name != "$return"}


def _result(function: Function, returned: Any, outs: Mapping[str, Out]) -> CallResult:
    _check_returned(function, returned)
    return CallResult(returned, {name: out.get() for name, out in outs.items()})


def _check_returned(function: Function, returned: Any) -> None:
    has_return = any(binding.name == "$return" for binding in function.outputs)
    if returned is not None and not has_return and not has_implicit_output(function.trigger.type):
        raise UserCodeFailed(
            "RuntimeError", f"function '{function.name}' without a $return binding returned a non-None value"
        )


def _thread_count() -> int:
    configured = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    return int(configured) if configured.isdigit() and int(configured) > 0 else min(32, (os.cpu_count() or 1) + 4)
