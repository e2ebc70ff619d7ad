"""What one client may ask of the host: sockets that dawdle, boast or crowd are shown the door, and others are served meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from local_host.testing import AppHost, running_app
from local_host.web.limits import Limits
from local_host_tests.conformance.support import APP, MANAGEMENT

LATE_S = 0.2
START = f"POST {MANAGEMENT}/orchestrators/no_such HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


class Host:
    """A running host, and raw connections to it."""

    def __init__(self, app_host: AppHost) -> None:
        self._port = int(app_host.origin.rpartition(":")[2])

    async def connect(self, first: str | bytes = b"") -> Connection:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        connection = Connection(reader, writer)
        await connection.send(first)
        return connection


class Connection:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, text: str | bytes) -> None:
        self._writer.write(text.encode() if isinstance(text, str) else text)
        await self._writer.drain()

    async def answer(self) -> bytes:
        """Return the headers of the next answer."""
        return await self._reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """Return what the host sends until it closes the connection."""
        try:
            received = await self._reader.read()
        except ConnectionResetError:
            received = b""
        self._writer.close()
        return received

    async def status(self) -> int:
        """Return the status of the answer; 0 when there is none."""
        answer = await self.rest()
        return int(answer.split()[1]) if answer else 0


@asynccontextmanager
async def running(monkeypatch: pytest.MonkeyPatch, limits: Limits) -> AsyncIterator[Host]:
    monkeypatch.setattr(Limits, "of_this_process", lambda: limits)
    async with running_app(APP) as app_host:
        yield Host(app_host)


def with_body(body: str, declared: int | None = None) -> str:
    length = len(body) if declared is None else declared
    return f"{START}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"


@pytest.mark.parametrize(
    "sent", ["", "POST / HT", START, f"{START}X: {'x' * 5000}"], ids=["nothing", "line", "headers", "long"]
)
async def test_a_request_whose_headers_do_not_end_in_time_is_closed(monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    async with running(monkeypatch, Limits(headers_s=LATE_S)) as host:
        assert await (await host.connect(sent)).status() == 408


async def test_the_time_for_headers_counts_again_on_a_connection_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch, Limits(headers_s=LATE_S)) as host:
        answer = b""
        while not answer.startswith(b"HTTP/1.1 200"):  # a busy machine may read the headers too late, too
            connection = await host.connect("GET /admin/host/ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = await connection.answer()
        await connection.send("GET /admin")
        assert await connection.status() == 408


async def test_a_connection_that_asks_for_nothing_more_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch, Limits(keepalive_s=LATE_S)) as host:
        connection = await host.connect("GET /admin/host/ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await connection.rest()).startswith(b"HTTP/1.1 200")


async def test_a_body_that_arrives_too_slowly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch, Limits(body_grace_s=LATE_S, body_rate=1_000_000, drain_s=LATE_S)) as host:
        assert await (await host.connect(with_body("[1", declared=1_000))).status() == 408


async def test_a_body_is_refused_by_its_declared_length(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch, Limits(body=1_000, drain_s=LATE_S)) as host:
        for path in (START, START.replace("/orchestrators/", "/nothing/"), START.replace(MANAGEMENT, "/api")):
            head = f"{path}Content-Length: 1001\r\n\r\n"
            assert await (await host.connect(head)).status() == 413


async def test_a_body_without_a_declared_length_is_refused_once_it_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    chunk = f"{600:x}\r\n{'x' * 600}\r\n"
    async with running(monkeypatch, Limits(body=1_000, drain_s=LATE_S)) as host:
        connection = await host.connect(f"{START}Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}")
        assert await connection.status() == 413


async def test_bodies_that_are_too_much_together_are_refused_until_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = with_body('"' + "x" * 8_998 + '"')
    async with running(monkeypatch, Limits(body=10_000, bodies=15_000)) as host:
        slow = await host.connect(whole[:-1_000])
        while await (await host.connect(whole)).status() != 503:
            pass  # until the first has been read
        await slow.send(whole[-1_000:])
        assert await slow.status() == 400  # there is no such orchestrator
        assert await (await host.connect(whole)).status() == 400


async def test_no_more_connections_are_served_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    ping = "GET /admin/host/ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    async with running(monkeypatch, Limits(connections=3)) as host:
        held = [await host.connect() for _ in range(3)]
        assert await (await host.connect(ping)).status() == 0
        await held[0].send(ping)
        assert await held[0].status() == 200
        while await (await host.connect(ping)).status() != 200:
            pass  # until the host has seen the end of the first
