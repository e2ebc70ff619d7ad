"""Composition: two faces and `/sandbox` on one port, over one ledger."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from sandbox.control import webhooks
from sandbox.control.routes import routes as control_routes
from sandbox.core.delays import Delays
from sandbox.core.exchange import Answer
from sandbox.core.face import Face, Operation
from sandbox.core.pipeline import Dropped, Pipeline
from sandbox.easypost.face import EASYPOST
from sandbox.ledger.store import Ledger
from sandbox.stripe.face import STRIPE

_HOST = "127.0.0.1"
_FACES = (STRIPE, EASYPOST)
_Handler = Callable[[web.Request], Awaitable[web.Response]]
# Nothing runs longer than a delay, and delays end at once when the server stops.
_SHUTDOWN_TIMEOUT_S = 5.0


@contextlib.asynccontextmanager
async def serving(
    *, state: str, port: int, search_lag_s: float | None = None, delivers: bool = False
) -> AsyncIterator[str]:
    """Serve while the block runs; yields the base URL.

    Args:
        state: A file, or `:memory:`.
        port: 0 for a free one.
        search_lag_s: How far Stripe's search index is behind; None leaves it as it was.
        delivers: Whether webhooks are delivered by themselves, and not only on request.

    Raises:
        StateFileError: The state cannot be kept there.
        OSError: The port is in use.
    """
    ledger = Ledger(state)
    if search_lag_s is not None:
        ledger.set_condition("search_lag_s", search_lag_s)
    delays = Delays()
    delivering: asyncio.Task[None] | None = None
    runner = web.AppRunner(_application(ledger, delays), shutdown_timeout=_SHUTDOWN_TIMEOUT_S, access_log=None)
    try:
        await runner.setup()
        site = web.TCPSite(runner, _HOST, port)
        await site.start()
        delivering = asyncio.create_task(webhooks.deliver_always(ledger)) if delivers else None
        yield f"http://{_HOST}:{runner.addresses[0][1]}"
    finally:
        if delivering is not None:
            delivering.cancel()
        delays.stop()
        await runner.cleanup()
        ledger.close()


def _application(ledger: Ledger, delays: Delays) -> web.Application:
    app = web.Application()
    for face in _FACES:
        pipeline = Pipeline(face=face, ledger=ledger, delays=delays)
        for operation in face.operations:
            app.router.add_route(operation.method, operation.path, _operation_handler(pipeline, operation))
        app.router.add_route("*", f"{face.prefix}/{{rest:.*}}", _unknown_path_handler(face))
    operations = frozenset(operation.name for face in _FACES for operation in face.operations)
    app.add_routes(control_routes(ledger, operations, delays))
    return app


def _operation_handler(pipeline: Pipeline, operation: Operation) -> _Handler:
    async def handle(request: web.Request) -> web.Response:
        try:
            answer = await pipeline.serve(operation, request)
        except Dropped:
            # Whatever is returned now has nowhere to go: the caller sees the connection reset.
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return _response(pipeline.face, request, answer)

    return handle


def _unknown_path_handler(face: Face) -> _Handler:
    async def handle(request: web.Request) -> web.Response:
        return _response(face, request, face.not_found(request.method, request.path))

    return handle


def _response(face: Face, request: web.Request, answer: Answer) -> web.Response:
    headers = {**face.headers(request.headers), **answer.headers}
    if isinstance(answer.body, str):
        return web.Response(status=answer.status, text=answer.body, content_type="text/html", headers=headers)
    return web.json_response(answer.body, status=answer.status, headers=headers)
