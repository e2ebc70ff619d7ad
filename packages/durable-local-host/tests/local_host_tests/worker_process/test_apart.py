"""Worker processes under their supervisor: time-outs, several of them, deaths that add up or do not."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from azure.functions.meta import Datum

from local_host.app.calls import FunctionCall
from local_host.app.function_context import Invocation
from local_host.engine.clock import ManualClock
from local_host.engine.errors import FunctionTimedOut, NoWorker, UserCodeFailed, WorkerExited
from local_host.engine.start_problems import AppLoadError, CannotStart
from local_host.worker_process.apart import ApartWorker, WorkerOptions
from local_host_tests.conformance.support import APPS

APP = APPS / "mortal"
A_MOMENT = timedelta(seconds=1)

Workers = Callable[..., AbstractAsyncContextManager[ApartWorker]]


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workers:
    monkeypatch.setenv("SCRATCH", str(tmp_path))

    @asynccontextmanager
    async def running(
        *, count: int = 1, limit: timedelta | None = None, clock: ManualClock | None = None
    ) -> AsyncIterator[ApartWorker]:
        options = WorkerOptions(directory=APP, function_timeout=limit, count=count, clock=clock or ManualClock())
        worker = ApartWorker(options)
        await worker.start()
        try:
            yield worker
        finally:
            await worker.close()

    return running


def activity(name: str, value: str = "1") -> FunctionCall:
    return FunctionCall(
        function=name,
        trigger=Datum(value, "json"),
        metadata=None,
        inputs={},
        invocation=Invocation(function=name),
    )


async def pid(worker: ApartWorker) -> int:
    request: dict[str, dict[str, Datum]] = {name: {} for name in ("headers", "query", "params")}
    value = {"method": Datum("GET", "string"), "url": Datum("/", "string"), "body": Datum(b"", "bytes"), **request}
    call = FunctionCall(
        function="pid", trigger=Datum(value, "http"), metadata=None, inputs={}, invocation=Invocation(function="pid")
    )
    returned = (await worker.call(call)).returned
    assert returned is not None
    return int(returned.value)


async def pid_in_time(worker: ApartWorker, clock: ManualClock) -> int:
    """Ask again, half an hour after that death, where a busy machine has no time to answer within the limit."""
    while True:
        with suppress(FunctionTimedOut):
            return await pid(worker)
        await clock.advance(minutes=31)


async def kill(worker: ApartWorker) -> None:
    """Wait until the supervisor knows."""
    call = asyncio.create_task(worker.call(activity("never_ends")))
    os.kill(await pid(worker), signal.SIGKILL)
    with pytest.raises(WorkerExited):
        await call


async def test_a_call_that_takes_too_long_costs_its_process_all_that_it_has_in_hand(workers: Workers) -> None:
    clock = ManualClock()
    async with workers(limit=A_MOMENT, clock=clock) as worker:
        before = await pid_in_time(worker, clock)
        slow = activity("never_ends")
        calls = [worker.call(slow), worker.call(activity("wait_for_file", '"bystander"'))]
        lost = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(each) for each in lost] == [FunctionTimedOut] * 2
        assert str(lost[0]).startswith("FunctionTimeoutException: Timeout value of 00:00:01 was exceeded by function: ")
        assert await pid_in_time(worker, clock) != before
        assert not worker.given_up.is_set()


async def test_calls_go_to_several_processes_in_turns_and_one_that_dies_costs_only_its_own(workers: Workers) -> None:
    async with workers(count=2) as worker:
        pids = {await pid(worker) for _ in range(4)}
        assert len(pids) == 2
        calls = [asyncio.create_task(worker.call(activity("never_ends"))) for _ in range(2)]
        os.kill(await pid(worker), signal.SIGKILL)
        (lost,), (spared,) = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        with pytest.raises(WorkerExited):
            await lost
        assert not spared.done()
        spared.cancel()


async def test_deaths_that_are_half_an_hour_apart_do_not_add_up(workers: Workers) -> None:
    clock = ManualClock()
    async with workers(clock=clock) as worker:
        for _ in range(4):
            await kill(worker)
            assert await pid(worker)
            await clock.advance(minutes=31)


async def test_after_three_deaths_there_is_no_worker_any_more(workers: Workers) -> None:
    async with workers() as worker:
        for _ in range(3):
            await kill(worker)
        await worker.given_up.wait()
        with pytest.raises(NoWorker, match="Did not find any initialized language workers"):
            await worker.call(activity("echo"))


async def test_values_and_failures_come_through_as_they_are(workers: Workers) -> None:
    async with workers() as worker:
        returned = (await worker.call(activity("echo", '{"ü": [1, null]}'))).returned
        assert returned is not None
        assert returned.value == '{"ü": [1, null]}' or returned.value == '{"\\u00fc": [1, null]}'
        with pytest.raises(UserCodeFailed, match="is not JSON") as failure:
            await worker.call(activity("fail"))
        assert "function_app.py" in failure.value.stack


async def test_answers_that_are_ready_together_go_to_their_callers(workers: Workers) -> None:
    async with workers() as worker:
        calls = [worker.call(activity("echo", str(number))) for number in range(200)]
        answers = await asyncio.gather(*calls)
    assert [answer.returned and answer.returned.value for answer in answers] == [str(number) for number in range(200)]


async def test_an_interrupt_in_a_functions_thread_ends_its_process(tmp_path: Path) -> None:
    app = "import azure.durable_functions as df\n\napp = df.DFApp()\n\n\n@app.activity_trigger(input_name='x')\n"
    (tmp_path / "function_app.py").write_text(f"{app}def interrupted(x: int) -> None:\n    raise KeyboardInterrupt\n")
    worker = ApartWorker(WorkerOptions(directory=tmp_path))
    await worker.start()
    try:
        with pytest.raises(WorkerExited):
            await worker.call(activity("interrupted"))
    finally:
        await worker.close()


async def test_an_app_that_cannot_be_loaded_is_refused_in_the_words_of_its_worker(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("import nothing_of_the_kind\n")
    with pytest.raises(AppLoadError, match="No module named 'nothing_of_the_kind'"):
        await ApartWorker(WorkerOptions(directory=tmp_path)).start()


KILLED_AT_FIRST = """
import os, signal
from pathlib import Path
import azure.functions as func

tries = Path(__file__).with_name("tries")
tries.write_text(tries.read_text() + "." if tries.exists() else ".")
if len(tries.read_text()) < 4:
    os.kill(os.getpid(), signal.SIGKILL)
app = func.FunctionApp()


@app.route(route="hello")
def hello(req: func.HttpRequest) -> str:
    return "hello"
"""


async def test_a_worker_that_is_killed_while_it_loads_the_app_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text(KILLED_AT_FIRST)
    worker = ApartWorker(WorkerOptions(directory=tmp_path))
    await worker.start()
    await worker.close()


async def test_an_app_that_ends_its_process_is_not_loaded_again_and_again(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("import os\nos._exit(3)\n")
    with pytest.raises(CannotStart, match=re.escape("exited with code 3 (0x3)")):
        await ApartWorker(WorkerOptions(directory=tmp_path)).start()
