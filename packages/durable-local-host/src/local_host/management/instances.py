"""Handlers of the management API for instances: start, look, list, steer, purge."""

from __future__ import annotations

import asyncio

from aiohttp import web

from local_host.app.binding_value import management_urls
from local_host.engine.errors import InstanceEnded, InstanceNotFound
from local_host.engine.status import RuntimeStatus
from local_host.engine.views import InstanceFilter, InstanceStatus
from local_host.management.bodies import ScheduledTwice, json_value, status_body
from local_host.management.calls import BadRequest, Call, json_response, page_response

_NO_JSON = {
    "Message": "Invalid JSON content",
    "ExceptionMessage": "Error reading JToken from JsonReader. Path '', line 0, position 0.",
    "ExceptionType": "Newtonsoft.Json.JsonReaderException",
    "StackTrace": "   at Newtonsoft.Json.Linq.JToken.ReadFrom(JsonReader reader)",
}


async def start(call: Call) -> web.Response:
    """Start an instance; answer with its links, or with its end if that comes in time."""
    timeout_s, interval_s = call.query.number("timeout"), call.query.number("pollingInterval")
    if timeout_s is not None and interval_s is not None and interval_s > timeout_s:
        text = f"Total timeout {timeout_s:g} should be bigger than retry timeout {interval_s:g}"
        raise BadRequest({"Message": text})
    name, *given_id = call.arguments
    chosen_id = given_id[0] if given_id else None
    version, trace = call.query.given("version"), _trace(call)
    instance_id = await call.operations.start(name, await _input_text(call), chosen_id, version, trace)
    return await _started(call, instance_id)


def _trace(call: Call) -> dict[str, str] | None:
    """Return the caller's trace, as the history keeps it; None without one."""
    headers = call.request.headers
    if "traceparent" not in headers:
        return None
    return {"TraceParent": headers["traceparent"], "TraceState": headers.get("tracestate", "")}


async def _input_text(call: Call) -> str | None:
    """Without a body and without a Content-Length, as of `curl -X POST`, the input is "", which no orchestrator can read."""
    text = await call.body_text()
    return "" if text is None and call.request.content_length is None else text


async def restart(call: Call) -> web.Response:
    """Start an instance again with the input that it had."""
    with_new_id = call.query.flag("restartWithNewInstanceId", default=True)
    try:
        instance_id = await call.operations.restart(call.arguments[0], with_new_id=with_new_id)
    except InstanceNotFound:
        text = "InstanceId does not match a valid orchestration instance."
        raise BadRequest({"Message": text, "ExceptionMessage": text}) from None
    return await _started(call, instance_id)


async def instance_status(call: Call) -> web.Response:
    """Answer with the status of an instance."""
    show_history = call.query.flag("showHistory")
    status = await call.operations.status(call.arguments[0], with_history=show_history)
    try:
        body = status_body(
            status,
            show_input=call.query.flag("showInput", default=True),
            show_history=show_history,
            show_history_output=call.query.flag("showHistoryOutput"),
        )
    except ScheduledTwice as error:
        raise BadRequest(_argument_error(error)) from None
    if not status.runtime_status.has_ended:
        return json_response(body, 202, {"Location": call.url, "Retry-After": "5"})
    return json_response(body, _ended_status(call, status))


def _argument_error(error: ScheduledTwice) -> dict[str, str]:
    return {
        "Message": "One or more of the arguments submitted is incorrect",
        "ExceptionMessage": str(error),
        "ExceptionType": "System.ArgumentException",
        "StackTrace": "   at System.Collections.Generic.Dictionary`2.TryInsert(TKey key, TValue value)",
    }


async def list_instances(call: Call) -> web.Response:
    """Answer with a page of instances."""
    where = InstanceFilter(
        id_prefix=call.query.text("instanceIdPrefix"),
        created_from=call.query.time("createdTimeFrom"),
        created_to=call.query.time("createdTimeTo"),
        statuses=call.query.statuses(),
    )
    page = await call.operations.list_instances(where, call.page_size, call.continuation)
    show_input = call.query.flag("showInput", default=True)
    return page_response([status_body(each, show_input=show_input) for each in page.items], page.continuation)


async def purge(call: Call) -> web.Response:
    """Purge one instance."""
    return json_response({"instancesDeleted": await call.operations.purge(call.arguments[0])})


async def purge_many(call: Call) -> web.Response:
    """Purge the instances that have ended and that the query names."""
    created_from = call.query.time("createdTimeFrom")
    if created_from is None:
        raise BadRequest("Please provide value for 'createdTimeFrom' parameter.")
    ended = tuple(status for status in call.query.statuses() if status.has_ended)
    deleted = await call.operations.purge_by(created_from, call.query.time("createdTimeTo"), ended)
    return json_response({"instancesDeleted": deleted}) if deleted else web.Response(status=404)


async def raise_event(call: Call) -> web.Response:
    """Store an event for an instance."""
    instance_id, name = call.arguments
    status = await call.operations.status(instance_id)
    if status.runtime_status.has_ended:
        raise InstanceEnded(instance_id, status.runtime_status)
    if not call.has_media_type("application/json"):
        raise BadRequest({"Message": "Only application/json request content is supported"})
    text = await call.body_text()
    if text is None:
        raise BadRequest(_NO_JSON)
    await call.operations.raise_event(instance_id, name, text)
    return web.Response(status=202)


async def terminate(call: Call) -> web.Response:
    """End an instance."""
    await call.operations.terminate(call.arguments[0], call.query.text("reason"))
    return web.Response(status=202)


async def suspend(call: Call) -> web.Response:
    """Hold an instance."""
    await call.operations.suspend(call.arguments[0], call.query.text("reason"))
    return web.Response(status=202)


async def resume(call: Call) -> web.Response:
    """Let a suspended instance go on."""
    await call.operations.resume(call.arguments[0], call.query.text("reason"))
    return web.Response(status=202)


async def rewind(call: Call) -> web.Response:
    """Let a failed instance try its last step again."""
    await call.operations.rewind(call.arguments[0], call.query.text("reason"))
    return web.Response(status=202)


async def _started(call: Call, instance_id: str) -> web.Response:
    """Return the links to follow the new instance; with `timeout` and `pollingInterval` its end, if that comes in time."""
    timeout_s = call.query.number("timeout")
    if timeout_s is None or call.query.number("pollingInterval") is None:
        return _check_status(call, instance_id)
    try:
        async with asyncio.timeout(timeout_s):
            status = await call.operations.wait_ended(instance_id)
    except TimeoutError:
        return _check_status(call, instance_id)
    if status.runtime_status is RuntimeStatus.COMPLETED:
        return json_response(json_value(status.output))
    return json_response(status_body(status), _ended_status(call, status))


def _check_status(call: Call, instance_id: str) -> web.Response:
    urls = management_urls(call.origin, call.config.hub_name, instance_id)
    location = urls["statusQueryGetUri"]
    # This answer, unlike the client binding's, has no link to rewind.
    del urls["rewindPostUri"]
    return json_response(urls, 202, {"Location": location, "Retry-After": "10"})


def _ended_status(call: Call, status: InstanceStatus) -> int:
    failed = status.runtime_status is RuntimeStatus.FAILED
    return 500 if failed and call.query.flag("returnInternalServerErrorOnFailure") else 200
