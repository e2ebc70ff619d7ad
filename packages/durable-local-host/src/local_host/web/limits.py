"""How much a client may ask of the host, and for how long: what one connection sends must not take the others' place.

The numbers are those of the real host where it has any: 100 MB for a body (Functions host, FUNCTIONS_REQUEST_BODY_SIZE_LIMIT);
8,192 bytes for the request line, 100 headers of 32 KB, 30 s for them, 240 bytes a second for a body after 5 s, 5 s to drain one,
130 s between requests (Kestrel's MaxRequestLineSize, MaxRequestHeaderCount, MaxRequestHeadersTotalSize, RequestHeadersTimeout,
MinRequestBodyDataRate, RequestBodyDrainTimeout and KeepAliveTimeout, by the reference of KestrelServerLimits and Kestrel's source).
Connections and the bodies in hand have no limit there, but a scale controller.
"""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass
from typing import Any

from aiohttp import web

_MB = 1024 * 1024
_RESERVED_FILES_COUNT = (
    200  # what the host opens beside connections: the state file, storage accounts, the worker process
)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of one server.

    Attributes:
        body: Bytes of one request's body.
        bodies: Bytes of all bodies in hand.
        request_line: Bytes of the path with its query.
        header: Bytes of one header; the real host counts all of them together.
        headers: How many headers a request has.
        headers_s: Seconds until a request's headers have arrived.
        body_grace_s: Seconds before a body has to keep up with `body_rate`.
        body_rate: Bytes a second.
        drain_s: Seconds that a body is read on after it was refused, so that its sender can read the answer.
        keepalive_s: Seconds that an idle connection stays open.
        connections: How many are open at a time.
    """

    body: int = 100 * _MB
    bodies: int = 256 * _MB
    request_line: int = 8_192
    header: int = 32 * 1024
    headers: int = 100
    headers_s: float = 30.0
    body_grace_s: float = 5.0
    body_rate: int = 240
    drain_s: float = 5.0
    keepalive_s: float = 130.0
    connections: int = 1_000

    @classmethod
    def of_this_process(cls) -> Limits:
        """Return the limits, with no more connections than this process may have open files."""
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        allowed = cls.connections if soft == resource.RLIM_INFINITY else max(soft - _RESERVED_FILES_COUNT, 16)
        return cls(connections=min(cls.connections, allowed))


class BodyRefused(Exception):
    """A body is too large, too slow, or one too many. status: of the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class BodiesInHand:
    """Counts the bytes of all bodies that are being read or worked on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0

    def add(self, count: int) -> None:
        """Count more bytes.

        Raises:
            BodyRefused: There is no room; nothing was counted.
        """
        if self._bytes + count > self._most:
            raise BodyRefused(503, "the bodies in hand take all the memory there is for them")
        self._bytes += count

    def remove(self, count: int) -> None:
        """Forget bytes that were counted."""
        self._bytes -= count


class LimitedRequest(web.BaseRequest):
    """A request whose body is read within the limits. Call `forget_body` when it is answered."""

    def __init__(self, *parts: Any, limits: Limits, in_hand: BodiesInHand) -> None:
        super().__init__(*parts, client_max_size=limits.body)
        self._limits = limits
        self._in_hand = in_hand
        self._counted = 0

    def check_declared_length(self) -> None:
        """Refuse a body by its Content-Length, before any of it is read.

        Raises:
            BodyRefused: It is longer than a body may be.
        """
        if (self.content_length or 0) > self._limits.body:
            raise BodyRefused(413, "the declared length is above the limit")

    async def read(self) -> bytes:
        """Return the body.

        Raises:
            BodyRefused: It is too large, arrives too slowly, or there is no room for it now.
        """
        if self._read_bytes is None:
            self._read_bytes = await self._read_within_limits()
        return self._read_bytes

    async def _read_within_limits(self) -> bytes:
        self.check_declared_length()
        limits, body = self._limits, bytearray()
        clock = asyncio.get_running_loop().time
        begun = clock()
        while not self.content.at_eof():
            allowed_s = limits.body_grace_s + len(body) / limits.body_rate
            try:
                async with asyncio.timeout_at(begun + allowed_s):
                    chunk = await self.content.readany()
            except TimeoutError:
                raise BodyRefused(408, "the body arrives too slowly") from None
            self._count(len(chunk))
            body += chunk
            if len(body) > limits.body:
                raise BodyRefused(413, "the body is above the limit")
        return bytes(body)

    def _count(self, count: int) -> None:
        self._in_hand.add(count)
        self._counted += count

    def forget_body(self) -> None:
        """Give back the room that the body took."""
        self._in_hand.remove(self._counted)
        self._counted = 0
