"""What tools ask a Functions host about itself: `/admin/...`. Its pages for people are below `/admin`, too."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from local_host.app.binding_types import trigger_type
from local_host.app.function import Binding, Function
from local_host.app.index import AppIndex
from local_host.management.calls import json_response
from local_host.web.pages import Pages
from local_host.web.routes import split_path

# Runs a function that is not triggered by HTTP once, with a text as its trigger's value.
RunOnce = Callable[[Function, str], Awaitable[None]]


class AdminApi:
    """Answers for one app."""

    def __init__(
        self,
        app: AppIndex,
        hub_name: str,
        *,
        url_of: Callable[[Function], str | None],
        run_once: RunOnce,
        pages: Pages,
        problem: Callable[[], str | None],
    ) -> None:
        """Make the API. problem: why the hub cannot store anything just now; None while it can."""
        self._app = app
        self._hub_name = hub_name
        self._url_of = url_of
        self._run_once = run_once
        self._pages = pages
        self._problem = problem
        self._begun = time.monotonic()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request; 404 without a body for anything that is not known."""
        path, _, query = request.raw_path.partition("?")
        segments = split_path(path)
        match (request.method, [segment.casefold() for segment in segments]):
            case "GET", ["admin", "instances"]:
                return await self._pages.instances(query)
            case "GET", ["admin", "instances", _]:
                return await self._pages.instance(segments[2])
            case "POST", ["admin", "instances", _, action]:
                return await self._pages.act(segments[2], action, request)
            case "POST", ["admin", "v1", "traces"]:
                return await self._pages.take_spans(request)
            case "GET", ["admin", "host", "status"]:
                return json_response(self._status())
            case "GET" | "POST", ["admin", "host", "ping"]:
                return web.Response()
            case "GET", ["admin", "functions"]:
                return json_response([self._described(function) for function in self._app.functions.values()])
            case "GET", ["admin", "functions", name]:
                function = self._find(name)
                return json_response(self._described(function)) if function else web.Response(status=404)
            case "POST", ["admin", "functions", name]:
                return await self._run(request, self._find(name))
        return web.Response(status=404)

    def _status(self) -> dict[str, Any]:
        uptime_ms = int((time.monotonic() - self._begun) * 1000)
        status = {"id": self._hub_name.lower(), "version": "local_host", "processUptime": uptime_ms}
        problem = self._problem()
        return {**status, "state": "Running"} if problem is None else {**status, "state": "Error", "errors": [problem]}

    def _find(self, name: str) -> Function | None:
        return next((each for each in self._app.functions.values() if each.name.casefold() == name), None)

    def _described(self, function: Function) -> dict[str, Any]:
        bindings = [function.trigger, *function.inputs, *function.outputs]
        return {
            "name": function.name,
            "language": "python",
            "isDisabled": False,
            "config": {"name": function.name, "bindings": [_binding_json(each) for each in bindings]},
            "invoke_url_template": self._url_of(function),
        }

    async def _run(self, request: web.BaseRequest, function: Function | None) -> web.Response:
        if function is None:
            return web.Response(status=404)
        found = trigger_type(function.trigger.type)
        if found is None or found.source is None:
            return json_response({"Message": f"'{function.name}' is not run this way; start or call it instead."}, 400)
        try:
            body = json.loads(await request.read() or b"{}")
            value = str(body.get("input") or "")
        except (ValueError, AttributeError):
            return json_response({"Message": 'The body must be a JSON object such as {"input": "text"}.'}, 400)
        await self._run_once(function, value)
        return web.Response(status=202)


def _binding_json(binding: Binding) -> dict[str, Any]:
    direction = "out" if binding.is_output else "in"
    return {"type": binding.type, "direction": direction, "name": binding.name, **binding.fields}
