"""Handlers of the management API for entities."""

from __future__ import annotations

import json

from aiohttp import web

from local_host.engine.views import EntityFilter
from local_host.management.bodies import entity_body, json_value
from local_host.management.calls import Call, json_response, page_response

# A path cannot hold an empty key.
_EMPTY_KEY = "$"


async def list_entities(call: Call) -> web.Response:
    """Answer with a page of entities."""
    where = EntityFilter(
        name=call.arguments[0] if call.arguments else None,
        last_operation_from=call.query.time("lastOperationTimeFrom"),
        last_operation_to=call.query.time("lastOperationTimeTo"),
    )
    page = await call.operations.list_entities(where, call.page_size, call.continuation)
    fetch_state = call.query.flag("fetchState")
    return page_response([entity_body(each, fetch_state=fetch_state) for each in page.items], page.continuation)


async def read_entity(call: Call) -> web.Response:
    """Answer with the state of an entity."""
    name, key = _entity_id(call)
    entity = await call.operations.read_entity(name, key)
    return json_response(json_value(entity.state))


async def signal_entity(call: Call) -> web.Response:
    """Store an operation for an entity."""
    name, key = _entity_id(call)
    await call.operations.signal_entity(name, key, call.query.text("op") or "", await _operation_input(call))
    return web.Response(status=202)


async def delete_entity(call: Call) -> web.Response:
    """Store the operation that deletes an entity."""
    name, key = _entity_id(call)
    await call.operations.signal_entity(name, key, "delete", None)
    return web.Response(status=202)


async def _operation_input(call: Call) -> str | None:
    """Return JSON text: the body when that is declared as JSON, else the body as one string."""
    text = await call.body_text()
    if text is None or call.has_media_type("application/json"):
        return text
    return json.dumps(text, ensure_ascii=False)


def _entity_id(call: Call) -> tuple[str, str]:
    name, key = call.arguments
    return name, "" if key == _EMPTY_KEY else key
