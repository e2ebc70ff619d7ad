"""Declare an operation of the HTTP API at its handler.

`@operation` makes the handler an Azure function and records what the OpenAPI document shows of it, so that both say the same.
Declaring is cheap: no schema is built here, because every cold start declares all operations.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial, wraps
from types import MappingProxyType
from typing import Any, Final, Literal, Required, TypedDict, Unpack

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.wire import Edge, Wire
from triggers.http.support.access import auth_level
from triggers.http.support.audited import audited
from triggers.http.support.callers import admitted, calling
from triggers.http.support.links import serving
from triggers.http.support.problems import PROBLEM_JSON, answer_problems

Handler = Callable[..., Awaitable[func.HttpResponse]]
Answers = type[Wire] | tuple[type[Wire], ...] | None
Method = Literal["GET", "POST", "PUT", "DELETE"]

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
TEXT: Final = "text/plain"
PAGE: Final = "text/html"

ROUTE_PREFIX: Final = "api"
"""What every route of the API begins with. It stands here and not in host.json, because the console has an address without it."""

# Answers hold names, addresses and links: no cache may keep one, and no browser may take one for another type.
PRIVATE: Final = MappingProxyType({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})

_declared: dict[str, "Operation"] = {}


class Declaration(TypedDict, total=False):
    """What a handler says of its operation. `Operation` describes each."""

    roles: Required[frozenset[Role]]
    answers: Required[Mapping[int, Answers]]
    answer_type: str
    problems: Mapping[int, str]
    problem_type: str
    query: type[Edge] | None
    body: type[Edge] | None
    body_types: tuple[str, ...]
    takes_idempotency_key: bool
    request_headers: Mapping[str, str]
    has_etag: bool
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of the API.

    Attributes:
        name: The handler's name. It is the name of the Azure function and the operation id of the OpenAPI document.
        route: Below `/api`, with its parameters in braces.
        text: The handler's docstring. Its first line is the summary, the rest the description.
        roles: Those who may call it, by any of them; `ANYONE` where no caller has to say who they are.
        answers: The model of each answer by its status, or the models of its views; None where the answer is no model.
        answer_type: The media type of the answers.
        problems: What its own refusals mean, by status. Those of the path, the query and the body follow from their models.
        problem_type: The media type of refusals; those of a failing app are problem documents in any case.
        query: The model of the query.
        body: The model of the body, or of each line of it.
        body_types: The media types of the body.
        takes_idempotency_key: Whether the `Idempotency-Key` header names the request.
        request_headers: Other headers that it reads, with a description of each.
        has_etag: Whether its answers name the version of what they show, for an `If-Match`.
        headers: Headers that every answer of the answer type has.
    """

    name: str
    method: Method
    route: str
    text: str
    roles: frozenset[Role]
    answers: Mapping[int, Answers]
    answer_type: str = JSON
    problems: Mapping[int, str] = field(default_factory=dict)
    problem_type: str = PROBLEM_JSON
    query: type[Edge] | None = None
    body: type[Edge] | None = None
    body_types: tuple[str, ...] = ()
    takes_idempotency_key: bool = False
    request_headers: Mapping[str, str] = field(default_factory=dict)
    has_etag: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def operation(
    blueprint: df.Blueprint, method: Method, route: str, **declaration: Unpack[Declaration]
) -> Callable[[Handler], Handler]:
    """Declare the operation that the decorated handler serves, and register its Azure function with the blueprint.

    The handler takes the request as `req` and, if it needs one, the durable client as `client`. It is called for those who may
    call it; `triggers.http.support.callers.caller()` says who did. `Operation` describes the arguments.
    """
    declaration.setdefault("body_types", (JSON,) if declaration.get("body") else ())

    def declare(handler: Handler) -> Handler:
        declared = Operation(
            name=handler.__name__, method=method, route=route, text=handler.__doc__ or "", **declaration
        )
        _declared[declared.name] = declared
        function = _serve(handler, declared)
        if "client" in handler.__annotations__:
            function = blueprint.durable_client_input(client_name="client")(function)
        path = f"{ROUTE_PREFIX}/{route}"
        blueprint.route(route=path, methods=[method], auth_level=auth_level(declared.roles))(function)
        return handler

    return declare


def models_of(answers: Answers) -> tuple[type[Wire], ...]:
    """Return the models that an answer may have."""
    if answers is None:
        return ()
    return answers if isinstance(answers, tuple) else (answers,)


def declared_operations() -> tuple[Operation, ...]:
    """Return every operation of the modules that were imported."""
    return tuple(_declared.values())


def _serve(handler: Handler, declared: Operation) -> Handler:
    """Return what the platform calls: the handler for those who may, problems answered, the headers of every answer set."""

    async def serve_admitted(**bindings: Any) -> func.HttpResponse:
        if not declared.roles:
            return await handler(**bindings)
        request = bindings["req"]
        who = await admitted(request, declared.roles)
        with calling(who):
            answers = partial(answer_problems, declared.name, handler, bindings)
            return await audited(declared.name, request, who, declared.roles, answers)

    # The worker reads names and annotations of the parameters, which `wraps` hands on.
    @wraps(handler)
    async def serve(**bindings: Any) -> func.HttpResponse:
        with serving(bindings["req"], declared.route):
            response = await answer_problems(declared.name, serve_admitted, bindings)
        own = declared.headers if response.mimetype == declared.answer_type else {}
        response.headers.update({**PRIVATE, **own})
        return response

    return serve
