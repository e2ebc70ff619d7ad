"""Orchestrators run in the worker's threads: what blocks one of them blocks nothing else."""

import asyncio

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import events_of, on_conformance_app

pytestmark = on_conformance_app


async def test_an_orchestrator_may_run_an_event_loop_of_its_own(app_host: AppHost) -> None:
    assert (await app_host.wait(await app_host.start("run_a_loop_of_its_own"))).output == "ran"


async def test_an_orchestrator_that_waits_for_an_answer_of_its_own_host_gets_it(app_host: AppHost) -> None:
    url = f"{app_host.origin}/admin/host/ping"
    assert (await app_host.wait(await app_host.start("ask_its_own_host", url))).output == 200


async def test_others_go_on_while_an_orchestrator_blocks(app_host: AppHost) -> None:
    may_end = asyncio.Event()
    server = await asyncio.start_server(lambda reader, writer: _answer(writer, may_end), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        blocked = await app_host.start("ask_its_own_host", f"http://127.0.0.1:{port}/")
        other = await app_host.start("two_steps")
        assert (await app_host.operations.wait_ended(other)).output == "[1,2]"
        may_end.set()
        assert (await app_host.wait(blocked)).output == 200


async def _answer(writer: asyncio.StreamWriter, may_end: asyncio.Event) -> None:
    await may_end.wait()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.app_host(settings={"PYTHON_THREADPOOL_THREAD_COUNT": "1"})
async def test_one_thread_is_shared_by_orchestrators_and_activities(app_host: AppHost) -> None:
    instances = [await app_host.start("two_steps") for _ in range(3)]
    assert [(await app_host.wait(each)).output for each in instances] == [[1, 2]] * 3
    assert [event["EventType"] for event in await events_of(app_host, instances[0])][-1] == 13
