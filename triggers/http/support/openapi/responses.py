"""What each operation answers, status by status: its own answers, its refusals, and what the platform answers in its place."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from triggers.http.support.openapi.schemas import Schema, Schemas
from triggers.http.support.operation import JSON, PRIVATE, Operation, models_of
from triggers.http.support.problems import PROBLEM_JSON, ProblemDocument

_ANSWERS: Final = {
    200: "The answer.",
    201: "It was created. `Location` is its address.",
    202: "The request was accepted and the work goes on. Ask for its status at `Location`, after `Retry-After` seconds.",
    503: "The app cannot work at present.",
}
_APP_FAILED: Final = {
    500: "The shop failed on this request. Its log says why.",
    503: "The shop or its storage is not available. The same request may be sent again after `Retry-After` seconds.",
}
# Sources: learn.microsoft.com, "Azure Functions HTTP triggers and bindings overview" (limits and throttles), "App Service access
# restrictions" and "Function app time-out duration" (230 seconds); dotnet/aspnetcore, Kestrel's bad requests (400, 414, 431).
_PLATFORM: Final = {
    400: "The request is malformed.",
    403: "The platform does not admit the caller's address, or the app is stopped.",
    414: "The address is too long.",
    429: "The platform has too many requests in hand. The same request may be sent again later.",
    431: "The headers are too large.",
    502: "The app did not answer. The request may have been processed.",
    504: "The app did not answer within 230 seconds. The request may have been processed.",
}
_NO_KEY: Final = {
    401: "The function key is missing or wrong. Send it as `x-functions-key`, or as `code` in the query. Where Entra says who "
    "calls: the bearer token is, and where the app has to check that itself, its answer is a problem document.",
}
_NOT_ADMITTED: Final = {
    403: "The caller has none of the roles, or speaks for another customer. Without a problem document: the platform does not "
    "admit the caller's address, or the app is stopped.",
}
_REF: Final = "#/components/responses/platform_{status}"

PLATFORM_RESPONSES: Final[dict[str, Schema]] = {
    f"platform_{status}": {"description": f"From the platform, without a problem document. {text}"}
    for status, text in sorted((_PLATFORM | _NO_KEY).items())
}
"""What the platform answers in place of the app, for the components of the document."""

HEADERS: Final[dict[str, Schema]] = {
    "Location": {
        "description": "The address of what was created or accepted.",
        "schema": {"type": "string", "format": "uri"},
    },
    "ETag": {
        "description": "The version of what is shown.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which to ask again.",
        "schema": {"type": "integer", "minimum": 1},
    },
}
"""The headers that several answers share."""


def responses(operation: Operation, schemas: Schemas) -> Schema:
    """Return the responses of an operation, by status."""
    described: dict[int, Schema] = {}
    for status, meaning in _refusals(operation):
        described[status] = _problem(operation, schemas, status, meaning)
    for status in operation.answers:
        answer = _answer(operation, schemas, status)
        answer["content"] |= described.get(status, {}).get("content", {})
        described[status] = answer
    for status in _platform(operation):
        described.setdefault(status, {"$ref": _REF.format(status=status)})
    return {str(status): described[status] for status in sorted(described)}


def _refusals(operation: Operation) -> Iterator[tuple[int, str]]:
    """Yield each status of a problem with its meaning; a later one replaces an earlier one."""
    named = re.findall(r"{(\w+)}", operation.route)
    reads_body = bool(operation.body_types)
    if reads_body:
        yield 400, "The body is not text in UTF-8, or not of the form that its media type demands."
        yield 413, "The body is too large."
        yield 415, f"The body is not sent as {' or '.join(operation.body_types)} in UTF-8."
    if reads_body or named or operation.query or operation.takes_idempotency_key:
        yield 422, "A value breaks a rule or looks like a card number. `errors` names each field and its rule."
    if named:
        what = named[-1].removesuffix("_id").replace("_", " ")
        yield 404, "Nothing has this id." if what == "id" else f"There is no {what} with this id."
    if operation.roles:
        yield from _NOT_ADMITTED.items()
    yield from _APP_FAILED.items()
    yield from operation.problems.items()


def _platform(operation: Operation) -> Iterator[int]:
    if operation.roles:
        yield from _NO_KEY
    yield from _PLATFORM


def _answer(operation: Operation, schemas: Schemas, status: int) -> Schema:
    headers = [*PRIVATE, *operation.headers]
    if operation.has_etag:
        headers.append("ETag")
    if status in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
        headers.append("Location")
    if status in (HTTPStatus.ACCEPTED, HTTPStatus.SERVICE_UNAVAILABLE):
        headers.append("Retry-After")
    return {
        "description": _ANSWERS[status],
        "headers": {name: {"required": True, **_header(operation, name)} for name in headers},
        "content": {operation.answer_type: {"schema": _content(operation, schemas, status)}},
    }


def _header(operation: Operation, name: str) -> Schema:
    if name in HEADERS:
        return HEADERS[name]
    return {"schema": {"type": "string", "const": {**PRIVATE, **operation.headers}[name]}}


def _content(operation: Operation, schemas: Schemas, status: int) -> Schema:
    models = models_of(operation.answers[status])
    if operation.answer_type == JSON:
        return schemas.written(*models) if models else {"type": "object"}
    if not models:
        return {"type": "string"}
    # Of JSON Lines, the schema is that of each line.
    return {"type": "string", "contentMediaType": operation.answer_type, "contentSchema": schemas.written(*models)}


def _problem(operation: Operation, schemas: Schemas, status: int, meaning: str) -> Schema:
    is_page = operation.problem_type != PROBLEM_JSON and status not in _APP_FAILED
    content = {"type": "string"} if is_page else schemas.written(ProblemDocument)
    described: Schema = {
        "description": meaning,
        "headers": {name: _header(operation, name) for name in PRIVATE},
        "content": {operation.problem_type if is_page else PROBLEM_JSON: {"schema": content}},
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        described["headers"]["Retry-After"] = HEADERS["Retry-After"]
    return described
