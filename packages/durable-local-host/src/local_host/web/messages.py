"""HTTP requests and responses as functions of the app see them: the rules of the Functions host, between aiohttp and the SDK."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from azure.functions.meta import Datum
from multidict import CIMultiDict

_TEXT = "text/plain; charset=utf-8"
# aiohttp frames the message itself.
_FRAMING = {"content-length", "transfer-encoding", "connection"}


async def request_datum(request: web.BaseRequest, route_values: Mapping[str, str]) -> Datum:
    """Return the raw value of an `httpTrigger`.

    A body without a Content-Length is not read: the real host hands on an empty one.
    """
    body = await request.read() if request.content_length else b""
    value = {
        "method": _text(request.method),
        "url": _text(f"{request.scheme}://{request.host}{request.raw_path}"),
        "headers": {name: _text(value) for name, value in joined_headers(request).items()},
        "query": {name: _text(value) for name, value in joined_query(request.query_string).items()},
        "params": {name: _text(value) for name, value in route_values.items()},
        "body": Datum(body, "bytes"),
    }
    return Datum(value, "http")


def joined_headers(request: web.BaseRequest) -> dict[str, str]:
    """Return the headers with lower-case names; repeated headers joined by commas."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    return headers


def joined_query(query: str) -> dict[str, str]:
    """Return the parameters of a query: repeated ones joined by commas, empty ones left out."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    joined = {name: ",".join(each) for name, each in values.items()}
    return {name: value for name, value in joined.items() if value}


def response_of(datum: Datum | None) -> web.Response:
    """Return the response for what an HTTP function returned or set, encoded by the SDK; an empty 200 when it did neither."""
    if datum is None:
        return web.Response()
    return _rich_response(datum.value) if datum.type == "http" else _text_response(str(datum.value))


def _rich_response(value: Mapping[str, Any]) -> web.Response:
    headers: CIMultiDict[str] = CIMultiDict()
    for name, header in value["headers"].items():
        if name.lower() not in _FRAMING:
            headers[name] = header.value
    for cookie in value["cookies"] or ():
        _add_cookies(headers, cookie)
    return web.Response(status=int(value["status_code"].value), headers=headers, body=value["body"].value)


def _add_cookies(headers: CIMultiDict[str], cookie: SimpleCookie) -> None:
    for morsel in cookie.values():
        headers.add("Set-Cookie", morsel.OutputString())


def _text_response(text: str) -> web.Response:
    """Make a response of a returned `str`, which goes through the host's JSON reader first, with the effects that has."""
    try:
        value = json.loads(text)
    except ValueError:
        return _plain(text)
    if isinstance(value, dict) and "body" in value:
        return _described(value)
    return _plain(_as_host_writes(value, text))


def _as_host_writes(value: Any, text: str) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, indent=2, ensure_ascii=False)
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    return text.strip()


def _described(description: Mapping[str, Any]) -> web.Response:
    """Return the response that an object such as `{"body": ..., "statusCode": 201, "headers": {...}}` describes."""
    body = description["body"]
    status = description.get("statusCode", description.get("status", 200))
    headers = {str(name): str(value) for name, value in (description.get("headers") or {}).items()}
    headers.setdefault("Content-Type", _TEXT)
    return web.Response(status=int(status), headers=headers, body=_as_host_writes(body, json.dumps(body)).encode())


def _plain(text: str) -> web.Response:
    return web.Response(headers={"Content-Type": _TEXT}, body=text.encode())


def _text(value: str) -> Datum:
    return Datum(value, "string")
