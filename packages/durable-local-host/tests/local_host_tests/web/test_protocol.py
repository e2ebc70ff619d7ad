"""What is no HTTP request is refused without being repeated."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import web

from local_host.web.limits import Limits
from local_host.web.protocol import QuietServer

SECRET = "4242424242424242"


async def answer_to(raw: bytes) -> bytes:
    async def ok(request: web.BaseRequest) -> web.Response:
        return web.Response(text="ok")

    runner = web.ServerRunner(QuietServer(ok, limits=Limits(), access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
    try:
        writer.write(raw)
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    "raw",
    [
        f"GET /{SECRET} NOT-HTTP\r\n\r\n".encode(),
        f"{SECRET} / HTTP/1.1\r\n\r\n".encode(),
        f"GET / HTTP/1.1\r\nno colon {SECRET}\r\n\r\n".encode(),
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {SECRET}x\r\n\r\n".encode(),
    ],
    ids=["version", "method", "header", "length"],
)
async def test_a_malformed_request_is_a_400_that_repeats_nothing(raw: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await answer_to(raw)
    assert answer.partition(b" ")[2].startswith(b"400 ")
    assert SECRET not in answer.decode() + caplog.text
    assert "400" in caplog.text


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/" + "a" * 8_193, "", 414),
        ("/?" + "a" * 100_000, "", 414),
        ("/" + "a" * 8_000, "", 200),
        ("/", f"x-long: {'a' * 33_000}\r\n", 431),
        ("/", f"x-long: {'a' * 30_000}\r\n", 200),
        ("/", "".join(f"x-{number}: 1\r\n" for number in range(101)), 431),
    ],
    ids=["path", "query", "path within", "header", "header within", "headers"],
)
async def test_what_is_too_long_has_the_statuses_of_kestrel(target: str, headers: str, status: int) -> None:
    answer = await answer_to(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n".encode())
    assert answer.partition(b" ")[2].startswith(f"{status} ".encode())
