"""The HTTP API that watches and steers instances and entities, below `/runtime/webhooks/durabletask`.

The durable client of the SDK calls it too. A table says which handler serves which path; a second one says how each
refusal of the engine is answered. An instance of another `taskHub` is not found, an unknown `connection` is an error; `code` is
accepted and ignored.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import unquote_plus

from aiohttp import web

from local_host.app.binding_value import DEFAULT_CONNECTION, MANAGEMENT_PATH
from local_host.engine import errors
from local_host.engine.config import DurableConfig
from local_host.engine.operations import Operations
from local_host.management.calls import BadRequest, Call, json_response
from local_host.management.entities import delete_entity, list_entities, read_entity, signal_entity
from local_host.management.instances import (
    instance_status,
    list_instances,
    purge,
    purge_many,
    raise_event,
    restart,
    resume,
    rewind,
    start,
    suspend,
    terminate,
)
from local_host.management.query import InvalidParameter, Query

_AT = (
    "   at Microsoft.Azure.WebJobs.Extensions.DurableTask.HttpApiHandler.HandleRequestAsync(HttpRequestMessage request)"
)
Handler = Callable[[Call], Awaitable[web.Response]]


async def make_primary(call: Call) -> web.Response:
    """Change nothing: there is no secondary app, so this one is the primary one already."""
    return web.Response()


# Verb, path (`*` stands for any one part, handed to the handler in order), handler. Literal parts ignore case.
_ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("POST", "orchestrators/*", start),
    ("POST", "orchestrators/*/*", start),
    ("GET", "instances", list_instances),
    ("DELETE", "instances", purge_many),
    ("GET", "instances/*", instance_status),
    ("DELETE", "instances/*", purge),
    ("POST", "instances/*/raiseevent/*", raise_event),
    ("POST", "instances/*/terminate", terminate),
    ("POST", "instances/*/suspend", suspend),
    ("POST", "instances/*/resume", resume),
    ("POST", "instances/*/rewind", rewind),
    ("POST", "instances/*/restart", restart),
    ("GET", "entities", list_entities),
    ("GET", "entities/*", list_entities),
    ("GET", "entities/*/*", read_entity),
    ("POST", "entities/*/*", signal_entity),
    ("DELETE", "entities/*/*", delete_entity),
    ("POST", "makeprimary", make_primary),
)


class ManagementApi:
    """Answers the requests for one task hub."""

    def __init__(self, operations: Operations, config: DurableConfig) -> None:
        self._operations = operations
        self._config = config

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request; 404 without a body for a path, operation or verb that does not exist."""
        path = request.raw_path.partition("?")[0][len(MANAGEMENT_PATH) :]
        found = _find(request.method, _segments(path))
        if found is None:
            return web.Response(status=404)
        handler, arguments = found
        call = Call(self._operations, self._config, request, Query(request.query_string), arguments)
        try:
            return _elsewhere(call) or await handler(call)
        except BadRequest as error:
            return json_response(error.body, 400)
        except InvalidParameter as error:
            return json_response({"Message": str(error)}, 400)
        except errors.OperationRefused as error:
            return _refusal(error)


def _elsewhere(call: Call) -> web.Response | None:
    """Return the answer about an instance of another task hub or storage account: this host has no other one."""
    connection = call.query.text("connection") or DEFAULT_CONNECTION
    names = (connection, f"AzureWebJobs{connection}", f"{connection}__accountName")
    if connection != DEFAULT_CONNECTION and not any(os.environ.get(name) for name in names):
        text = f"Unable to resolve the Azure Storage connection named '{connection}'."
        body = {"Message": "Something went wrong while processing your request", "ExceptionMessage": text}
        return json_response({**body, "ExceptionType": "System.InvalidOperationException", "StackTrace": _AT}, 500)
    hub = call.query.text("taskHub") or call.config.hub_name
    is_of_instance = "/instances/" in call.request.path.casefold()
    return web.Response(status=404) if is_of_instance and hub.casefold() != call.config.hub_name.casefold() else None


def _segments(path: str) -> Sequence[str]:
    """Decode the path as the extension does: a plus sign is a space, and a part with an encoded slash leads nowhere."""
    if "%2f" in path.casefold():
        return ()
    inner = path.removeprefix("/").removesuffix("/")
    return [unquote_plus(segment) for segment in inner.split("/")] if inner else ()


def _find(method: str, segments: Sequence[str]) -> tuple[Handler, list[str]] | None:
    for verb, path, handler in _ROUTES:
        pattern = path.split("/")
        if verb == method and len(pattern) == len(segments) and _fits(pattern, segments):
            return handler, [segment for part, segment in zip(pattern, segments, strict=True) if part == "*"]
    return None


def _fits(pattern: Sequence[str], segments: Sequence[str]) -> bool:
    return all(part in ("*", segment.casefold()) for part, segment in zip(pattern, segments, strict=True))


# How each refusal is answered: status, and what the body is made of.
_REFUSALS: Sequence[tuple[type[errors.OperationRefused], int, str]] = (
    (errors.InstanceNotFound, 404, "nothing"),
    (errors.EntityNotFound, 404, "nothing"),
    (errors.InstanceEnded, 410, "nothing"),
    (errors.InstanceExists, 409, "message"),
    (errors.InstanceLive, 412, "text"),
    (errors.NotRewindable, 412, "text"),
    (errors.InstanceStateConflict, 500, "message"),
    (errors.OperationRefused, 400, "exception"),
)


def _refusal(error: errors.OperationRefused) -> web.Response:
    status, body = next((status, body) for kind, status, body in _REFUSALS if isinstance(error, kind))
    if body == "nothing":
        return web.Response(status=status)
    if body == "text":
        return json_response(str(error), status)
    # The SDK's client reads the reason of a 400 from `ExceptionMessage`.
    exception = {"ExceptionMessage": str(error), "ExceptionType": type(error).__name__} if body == "exception" else {}
    return json_response({"Message": str(error), **exception}, status)
