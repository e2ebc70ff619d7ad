"""Hold an answer of the API against the OpenAPI document: its status, its headers, its media type and its content."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from local_host.testing import Answer
from tests.support.api import openapi_document


def undocumented(method: str, path: str, answer: Answer) -> list[str]:
    """Return what the document does not say of an answer. path: below `/api/`; a path that no operation has is not looked at."""
    found = _operation(method, path.partition("?")[0].rstrip("/"))
    if found is None:
        return []
    operation = f"{found['operationId']} {answer.status}"
    described = found["responses"].get(str(answer.status))
    if described is None:
        return [f"{operation}: the status is not documented"]
    return [f"{operation}: {problem}" for problem in _problems(described, answer)]


def _operation(method: str, path: str) -> Mapping[str, Any] | None:
    fitting = [
        operations[method.lower()]
        for pattern, operations in _paths()
        if method.lower() in operations and pattern.fullmatch(f"/{path}")
    ]
    return fitting[0] if fitting else None


@cache
def _paths() -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
    """Return all paths, those with the fewest parameters first."""
    paths = sorted(openapi_document()["paths"].items(), key=lambda each: each[0].count("{"))
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), operations) for path, operations in paths]


def _problems(described: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    if "$ref" in described or not answer.body:  # the platform's own: it has no problem document
        return
    for name, header in described.get("headers", {}).items():
        value = answer.headers.get(name)
        if value is None:
            yield f"the header {name} is missing"
        elif header["schema"].get("const", value) != value:
            yield f"the header {name} is {value}"
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    content = described["content"].get(media_type)
    if content is None:
        yield f"the media type {media_type} is not documented"
    elif media_type.endswith("json") and not media_type.endswith("ndjson"):
        for error in _validator(json.dumps(content["schema"])).iter_errors(answer.json()):
            yield f"{error.json_path}: {error.message}"


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": openapi_document()["components"]})
