"""HTTP without echoes: what is not a request is refused without repeating it, in the answer or in the log.

The library's own answer repeats the line that it could not read, which may hold anything: a password, a card number.
"""

from __future__ import annotations

from aiohttp import web

from local_host.log_categories import host_logger

_log = host_logger("local_host.http")


class QuietServer(web.Server):
    """Serves connections with `_Connection`."""

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer with the status alone."""
        _log.warning("a request was refused with %d: it could not be read (%s)", status, type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer was sent already")
        response = web.Response(status=status)
        response.force_close()
        return response
