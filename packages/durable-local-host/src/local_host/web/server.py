"""The one HTTP port of the host: the app's functions, the management API, and what tools ask a Functions host.

While the host stops, functions get no new requests, but those that still run reach the management API through their
durable client until the end.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local_host.app.binding_value import MANAGEMENT_PATH
from local_host.app.calls import Invoke
from local_host.errors import UserCodeFailed
from local_host.failure_log import log_failure
from local_host.log_categories import function_logger, host_logger
from local_host.management.api import ManagementApi
from local_host.running import Running
from local_host.start_problems import CannotStart, PortInUse
from local_host.web.admin_api import AdminApi
from local_host.web.cors import Cors
from local_host.web.messages import request_datum, response_of
from local_host.web.protocol import QuietServer
from local_host.web.routes import RouteTable, without_dots

if TYPE_CHECKING:
    from local_host.app.function import Function

_log = host_logger("local_host.http")
# What the real host accepts as a request body.
_MAX_BODY = 100 * 1024 * 1024


class HttpServer:
    """Serves one app on a socket that is already bound."""

    def __init__(
        self,
        routes: RouteTable,
        invoke: Invoke,
        management: ManagementApi,
        admin: AdminApi,
        *,
        custom_headers: Mapping[str, str],
        cors: Cors,
    ) -> None:
        """custom_headers: added to every response."""
        self._routes = routes
        self._invoke = invoke
        self._management = management
        self._admin = admin
        self._custom_headers = custom_headers
        self._cors = cors
        self._runner = web.ServerRunner(
            # The real host hands on a compressed body as it came.
            QuietServer(self._answer, request_factory=_request, access_log=None, auto_decompress=False)
        )
        self._running = Running()
        self._draining = False

    async def start(self, listener: socket.socket) -> None:
        """Accept requests."""
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def drain(self, grace_s: float) -> None:
        """Refuse new requests to functions and wait for the running ones, at most grace_s seconds."""
        self._draining = True
        try:
            async with asyncio.timeout(grace_s):
                await self._running.until_none()
        except TimeoutError:
            _log.warning("%d HTTP functions still run; leaving them", self._running.count)

    async def until_quiet(self) -> None:
        """Return when no HTTP function runs."""
        await self._running.until_none()

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        response = self._cors.preflight(request) or await self._dispatch(request)
        self._cors.allow(request, response)
        response.headers.update(self._custom_headers)
        return response

    async def _dispatch(self, request: web.BaseRequest) -> web.Response:
        path = without_dots(request.raw_path.partition("?")[0])
        if "%00" in path:
            return web.Response(status=400)
        if _is_below(path, MANAGEMENT_PATH):
            return await self._management.answer(request)
        if _is_below(path, "/admin"):
            return await self._admin.answer(request)
        found = self._routes.find(request.method, path)
        if found is None:
            return await self._admin.home() if (request.method, path) == ("GET", "/") else web.Response(status=404)
        if self._draining:
            return web.Response(status=503)
        with self._running:
            return await self._run_function(request, *found)

    async def _run_function(
        self, request: web.BaseRequest, function: Function, route_values: Mapping[str, str]
    ) -> web.Response:
        """Whatever goes wrong in the function, the caller learns only that it did."""
        begun = time.monotonic()
        try:
            answer = await self._invoke(function, await request_datum(request, route_values))
            response = response_of(answer.returned)
        except UserCodeFailed as failure:
            log_failure(function.name, failure)
            return web.Response(status=500)
        except (TypeError, ValueError) as error:
            function_logger(function.name).error(
                "It returned what is no HTTP response: %s %s", type(error).__name__, error
            )
            return web.Response(status=500)
        # By the function's name: a path may hold what a caller should not have put there.
        _log.info(
            "%s %s -> %d in %.0f ms", request.method, function.name, response.status, (time.monotonic() - begun) * 1e3
        )
        return response


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises PortInUse."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Without this, two hosts could bind one port before either of them listens.
        listener.listen(128)
    except PermissionError:
        listener.close()
        raise CannotStart(
            f"Port {port} on {host} needs more rights than this process has. Pass a --port above 1023."
        ) from None
    except OSError as error:
        listener.close()
        raise PortInUse(host, port) from error
    return listener


def _is_below(path: str, folder: str) -> bool:
    path = path.casefold()
    return path == folder or path.startswith(f"{folder}/")


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """aiohttp's own factory, with our limit for bodies."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_MAX_BODY)
