"""How long a call may take."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest

from local_host.app.caller import Caller
from local_host.app.function_context import Invocation
from local_host.app.index import index_functions
from local_host.engine.errors import UserCodeFailed

SHORT = timedelta(milliseconds=20)
LONG_ENOUGH_TO_BEGIN = timedelta(seconds=1)


async def call(directory: Path, function: Any, limit: timedelta | None) -> Any:
    app = df.DFApp()
    app.activity_trigger(input_name="x")(function)
    (indexed,) = index_functions(app.get_functions(), directory, {}).functions.values()
    caller = Caller(directory, limit)
    try:
        return (await caller.call(indexed, {"x": 1}, Invocation(function=indexed.name))).returned
    finally:
        caller.close()


async def test_a_coroutine_that_takes_too_long_is_ended_and_fails(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def slow(x: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(UserCodeFailed) as failure:
        await call(tmp_path, slow, SHORT)
    assert str(failure.value) == (
        "FunctionTimeoutException: Timeout value of 00:00:00 was exceeded by function: Functions.slow"
    )
    assert ended.is_set()


async def test_a_thread_that_takes_too_long_fails_though_it_goes_on(tmp_path: Path) -> None:
    may_end, ended = threading.Event(), threading.Event()

    def slow(x: int) -> None:
        may_end.wait()
        ended.set()

    with pytest.raises(UserCodeFailed, match="Timeout value of"):
        await call(tmp_path, slow, LONG_ENOUGH_TO_BEGIN)
    assert not ended.is_set()
    may_end.set()
    assert await asyncio.to_thread(ended.wait, 60)


async def test_without_a_limit_a_time_out_is_the_functions_own(tmp_path: Path) -> None:
    async def gives_up(x: int) -> None:
        raise TimeoutError("the provider is slow")

    with pytest.raises(UserCodeFailed) as failure:
        await call(tmp_path, gives_up, None)
    assert str(failure.value) == "TimeoutError: the provider is slow"
