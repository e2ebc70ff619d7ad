"""The one HTTP port of the host: the app's functions, the management API, and what tools ask a Functions host.

While the host stops, functions get no new requests, but those that still run reach the management API through their
durable client until the end.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local_host.app.binding_value import MANAGEMENT_PATH
from local_host.app.calls import Invoke
from local_host.engine.errors import StoreUnavailable, UserCodeFailed
from local_host.engine.failure_log import log_failure
from local_host.engine.log_categories import function_logger, host_logger
from local_host.engine.running import Running
from local_host.engine.start_problems import CannotStart, PortInUse
from local_host.management.api import ManagementApi
from local_host.web.admin_api import AdminApi
from local_host.web.cors import Cors
from local_host.web.limits import BodiesInHand, BodyRefused, LimitedRequest, Limits
from local_host.web.messages import request_datum, response_of
from local_host.web.origins import OriginCheck
from local_host.web.pages import Pages
from local_host.web.protocol import QuietServer
from local_host.web.routes import RouteTable, without_dots

if TYPE_CHECKING:
    from local_host.app.function import Function

_log = host_logger("local_host.http")


class HttpServer:
    """Serves one app on a socket that is already bound."""

    def __init__(
        self,
        routes: RouteTable,
        invoke: Invoke,
        management: ManagementApi,
        admin: AdminApi,
        pages: Pages,
        *,
        custom_headers: Mapping[str, str],
        cors: Cors,
        limits: Limits,
    ) -> None:
        """Make the server. custom_headers: added to every response."""
        self._routes = routes
        self._invoke = invoke
        self._management = management
        self._admin = admin
        self._pages = pages
        self._custom_headers = custom_headers
        self._cors = cors
        self._origins = OriginCheck(cors)
        in_hand = BodiesInHand(limits.bodies)
        self._runner = web.ServerRunner(
            QuietServer(
                self._answer,
                limits=limits,
                request_factory=partial(_request, limits=limits, in_hand=in_hand),
                access_log=None,
                auto_decompress=False,  # the real host hands on a compressed body as it came
            )
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
        """Close the port and every connection."""
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, LimitedRequest)
        try:
            request.check_declared_length()
            refused = self._cors.preflight(request) or self._origins.refusal(request)
            response = refused or await self._dispatch(request)
        except BodyRefused as refusal:
            _log.warning("a request was refused with %d: %s", refusal.status, refusal)
            response = web.Response(status=refusal.status)
            response.force_close()
        except StoreUnavailable as unavailable:
            response = web.Response(status=503, text=f"{unavailable}\n", headers={"Retry-After": "5"})
        finally:
            request.forget_body()
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
            return await self._pages.home() if (request.method, path) == ("GET", "/") else web.Response(status=404)
        if self._draining:
            return web.Response(status=503)
        with self._running:
            return await self._run_function(request, *found)

    async def _run_function(
        self, request: web.BaseRequest, function: Function, route_values: Mapping[str, str]
    ) -> web.Response:
        """Run a function; whatever goes wrong in it, the caller learns only that it did."""
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
    """Return a listening socket; port 0 takes a free one. Raises PortInUse."""
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


def _request(
    message: Any, payload: Any, protocol: Any, writer: Any, task: Any, *, limits: Limits, in_hand: BodiesInHand
) -> LimitedRequest:
    """Do as aiohttp's own factory, within limits."""
    loop = asyncio.get_running_loop()
    return LimitedRequest(message, payload, protocol, writer, task, loop, limits=limits, in_hand=in_hand)
