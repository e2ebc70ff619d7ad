"""Requests as the Functions host hands them over, and what came back."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import azure.functions as func

from domain.refusals import RequestRefused
from triggers.http.support.problems import Problem, problem_of

ORIGIN = "https://shop.example/api"


def post(path: str, body: Any, *, headers: Mapping[str, str] | None = None, **route: str) -> func.HttpRequest:
    """body: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return func.HttpRequest(
        method="POST",
        url=f"{ORIGIN}/{path}",
        headers={"Content-Type": "application/json", **(headers or {})},
        route_params=route,
        body=content,
    )


def get(path: str, *, params: Mapping[str, str] | None = None, **route: str) -> func.HttpRequest:
    return func.HttpRequest(method="GET", url=f"{ORIGIN}/{path}", params=params, route_params=route, body=b"")


def decoded(response: func.HttpResponse) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.get_body())
    return body


def problem_with(read: Callable[[], object]) -> Problem:
    """Return the problem that a request has by which this is read of it."""
    try:
        return_value = read()
    except Problem as problem:
        return problem
    except RequestRefused as refusal:
        return problem_of(refusal)
    raise AssertionError(f"no problem, but {return_value!r}")
