"""Messages between host and worker process: pickled values, each after its length.

Both ends are the same program with the same rights on the same machine, so what arrives is as trustworthy as the code.
"""

from __future__ import annotations

import asyncio
import pickle
import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_host.app.calls import FunctionAnswer, FunctionCall
from local_host.app.index import AppIndex
from local_host.engine.errors import Raised

_LENGTH = struct.Struct("!Q")


@dataclass(frozen=True)
class Load:
    """To the worker, first of all: import this app. log_levels: of host.json."""

    directory: Path
    log_levels: dict[str, str]


@dataclass(frozen=True)
class Loaded:
    """From the worker: the app's functions, without their code."""

    app: AppIndex


@dataclass(frozen=True)
class Refused:
    """From the worker: the app cannot be loaded; text says why."""

    text: str


@dataclass(frozen=True)
class Call:
    """To the worker. number: which call an answer belongs to."""

    number: int
    call: FunctionCall


@dataclass(frozen=True)
class Answered:
    """From the worker: the function has ended."""

    number: int
    answer: FunctionAnswer


@dataclass(frozen=True)
class Failed:
    """From the worker: the function's code has raised."""

    number: int
    type_name: str
    message: str
    stack: str
    causes: Sequence[Raised]


@dataclass(frozen=True)
class Broken:
    """From the worker: the worker itself has failed at a call."""

    number: int
    text: str


def encode(message: Any) -> bytes:
    """Return a message as it is sent. Raises what `pickle` raises for a value that cannot be sent."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


def write(writer: asyncio.StreamWriter | asyncio.Transport, message: Any) -> None:
    """Send a message; returns at once."""
    writer.write(encode(message))


class Outbox:
    """Sends messages of any thread. Those that come while the event loop is busy wake it once, and leave together."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        """Make it in the event loop."""
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes] = deque()
        self._is_woken = False

    def send(self, encoded: bytes) -> None:
        """Send an encoded message; returns at once."""
        self._waiting.append(encoded)
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._write)

    def _write(self) -> None:
        self._is_woken = False  # first: what is appended from now on wakes the loop again
        waiting = self._waiting
        self._writer.write(b"".join([waiting.popleft() for _ in range(len(waiting))]))


class Incoming(asyncio.Protocol):
    """Takes messages as they arrive, in the same turn of the event loop.

    Attributes:
        transport: The connection, once it is made.
    """

    def __init__(self, take: Callable[[Any], None], end: Callable[[], None]) -> None:
        """Call `take` with each message, and `end` when the other end is gone."""
        self.transport: asyncio.Transport
        self._take = take
        self._end = end
        self._unread = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what is complete."""
        self._unread += data
        begin = 0
        with memoryview(self._unread) as unread:
            while len(unread) >= (body := begin + _LENGTH.size):
                end = body + _LENGTH.unpack_from(unread, begin)[0]
                if len(unread) < end:
                    break
                self._take(pickle.loads(unread[body:end]))  # noqa: S301 - see above
                begin = end
        del self._unread[:begin]

    def connection_lost(self, _: Exception | None) -> None:
        """Report the end."""
        self._end()


async def read(reader: asyncio.StreamReader) -> Any:
    """Return the next message; None when the other end is gone."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return pickle.loads(await reader.readexactly(length))  # noqa: S301 - see above
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
