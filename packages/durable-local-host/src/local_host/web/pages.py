"""The host's pages for people: the host at `/`, its instances, one instance, and what can be done with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qsl

from aiohttp import web

from local_host.app.function import Function
from local_host.app.index import AppIndex
from local_host.engine.errors import InstanceNotFound, OperationRefused
from local_host.engine.operations import Operations
from local_host.management.calls import json_response
from local_host.management.query import InvalidParameter, Query
from local_host.web.instance_actions import ACTIONS
from local_host.web.instance_list import PAGE_SIZE, REFRESH_S, render_list, search_of
from local_host.web.instance_page import MAX_CHILDREN, render_instance
from local_host.web.page import INSTANCE_PAGES, instance_path, page_response
from local_host.web.spans import Spans
from local_host.web.status_page import MAX_RECENT, render_home

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


class Pages:
    """The pages of one app."""

    def __init__(
        self, app: AppIndex, hub_name: str, *, url_of: Callable[[Function], str | None], operations: Operations
    ) -> None:
        self._app = app
        self._hub_name = hub_name
        self._url_of = url_of
        self._operations = operations
        self._spans = Spans()

    async def home(self) -> web.Response:
        """Answer with the page of this host."""
        counts, recent = await self._operations.count_by_status(), await self._operations.latest_instances(MAX_RECENT)
        body = render_home(self._app, self._hub_name, counts, recent, self._url_of)
        return page_response(escape(self._hub_name), body)

    async def instances(self, query_text: str) -> web.Response:
        """Answer with the instances that the query looks for."""
        query = Query(query_text)
        try:
            search, is_refreshed = search_of(query), query.text("refresh") == "on"
        except InvalidParameter as error:
            return page_response("Instances", f"<h1>Instances</h1><p>{escape(str(error))}</p>", status=400)
        found = await self._operations.find_instances(search, PAGE_SIZE + 1)
        body = render_list(search, found, await self._operations.instance_names(), is_refreshed=is_refreshed)
        return page_response("Instances", body, refresh_s=REFRESH_S if is_refreshed else None)

    async def instance(self, instance_id: str) -> web.Response:
        """Answer with the page of an instance, whose id may differ from another one in case alone."""
        title = escape(instance_id)
        try:
            status = await self._operations.status(instance_id, with_history=True)
        except InstanceNotFound:
            return _message_page(f"There is no instance <bdi>{title}</bdi>", status=404)
        children = await self._operations.children_of(instance_id, MAX_CHILDREN + 1)
        return page_response(title, render_instance(status, children, self._spans.of))

    async def take_spans(self, request: web.BaseRequest) -> web.Response:
        """Keep the spans that an app sends, for the pages of its instances."""
        if request.content_type != _JSON:
            return web.Response(status=415)
        try:
            self._spans.take(json.loads(await request.read()))
        except (ValueError, RecursionError):
            return web.Response(status=400)
        return json_response({})

    async def act(self, instance_id: str, name: str, request: web.BaseRequest) -> web.Response:
        """Do what a form of an instance's page asks for, and lead back to a page."""
        action = ACTIONS.get(name)
        if action is None:
            return web.Response(status=404)
        if request.content_type != _FORM:
            return web.Response(status=415)
        try:
            fields = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        except ValueError:
            return web.Response(status=400)
        try:
            shown = await action.run(self._operations, instance_id, fields)
        except InstanceNotFound:
            return _message_page(f"There is no instance <bdi>{escape(instance_id)}</bdi>", status=404)
        except OperationRefused as refusal:
            back = f'<p><a href="{escape(instance_path(instance_id))}">Back to the instance</a></p>'
            return _message_page(f"{action.title}: not done", f"<p>{escape(str(refusal))}</p>{back}", status=409)
        return web.Response(status=303, headers={"Location": instance_path(shown) if shown else INSTANCE_PAGES})


def _message_page(heading: str, text: str = "", *, status: int) -> web.Response:
    """Return a page that says one thing. heading, text: HTML."""
    links = f'<p><a href="{INSTANCE_PAGES}">All instances</a></p>'
    return page_response("Instances", f"{links}<h1>{heading}</h1>{text}", status=status)
