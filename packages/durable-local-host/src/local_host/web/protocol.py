"""Connections: without echoes, without idlers.

What is not a request is refused without repeating it, in the answer or in the log: the library's own answer repeats the line
that it could not read, which may hold anything, such as a password or a card number. A connection that does not get to the end
of its headers in time is closed, and so is one too many.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong

from local_host.engine.log_categories import host_logger
from local_host.web.limits import Limits

_log = host_logger("local_host.http")
_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class QuietServer(web.Server):
    """Serves connections with `_Connection`."""

    def __init__(self, handler: Any, *, limits: Limits, **options: Any) -> None:
        super().__init__(
            handler,
            max_line_size=limits.request_line,
            max_field_size=limits.header,
            max_headers=limits.headers,
            lingering_time=limits.drain_s,
            **options,
        )
        self.limits = limits

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of one more connection."""
        return _Connection(self, loop=self._loop, keepalive_timeout=self.limits.keepalive_s, **self._kwargs)


class _Connection(web.RequestHandler):
    __slots__ = ("_limits", "_too_late")

    def __init__(self, manager: QuietServer, **options: Any) -> None:
        super().__init__(manager, **options)
        self._limits = manager.limits
        self._too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self._manager is not None
        if len(self._manager.connections) > self._limits.connections:
            _log.warning("a connection was closed: %d are open, and no more are served", self._limits.connections)
            self.force_close()
            return
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Count the time from the first byte of a request to the end of its headers."""
        known = self._request_count
        if self._too_late is None and self._current_request is None and not self._messages:
            self._expect_headers()
        super().data_received(data)
        if self._request_count > known:
            self._stop_waiting()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        self._too_late = self._loop.call_later(self._limits.headers_s, self._close_as_too_late)

    def _stop_waiting(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None

    def _close_as_too_late(self) -> None:
        self._too_late = None
        if self.transport is not None:
            _log.warning("a connection was closed: its request did not arrive within %g s", self._limits.headers_s)
            self.transport.write(_TOO_LATE)
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer with the status alone."""
        status = self._status_of(status, exc)
        what = "it could not be read" if status < 500 else "the host failed at it"
        _log.warning("a request was refused with %d: %s (%s)", status, what, type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer was sent already")
        response = web.Response(status=status)
        response.force_close()
        return response

    def _status_of(self, status: int, exc: BaseException | None) -> int:
        """Return Kestrel's status for what the parser refuses (its KestrelBadHttpRequestException); the library knows 400 only."""
        if isinstance(exc, LineTooLong):
            _, limit, _ = exc.args
            return 414 if limit == self._limits.request_line else 431
        # The library has no class of its own for this.
        if isinstance(exc, BadHttpMessage) and exc.message.startswith("Too many headers"):
            return 431
        return status
