"""Choose who calls, on a developer's own machine: every page and request of the browser is then this person's."""

from http import HTTPStatus
from typing import Annotated, Any

import azure.functions as func
from pydantic import BeforeValidator, Field

from console.web.page import page
from console.web.rendering import address
from console.web.visit import Visit
from domain.identity import EVERY_ROLE, Role
from domain.wire import Edge, OneLine
from services.identity import is_local, local_caller_cookie
from triggers.http.support.problems import Problem


def _split(text: Any) -> Any:
    return [each for each in text.replace(" ", "").split(",") if each] if isinstance(text, str) else text


class LocalCaller(Edge):
    """The form. name: empty for the unnamed caller, who has every role. roles: with commas between; empty for every role."""

    name: OneLine | None = None
    roles: Annotated[list[Role], Field(max_length=len(Role)), BeforeValidator(_split)] = Field(default_factory=list)


@page("GET", "local-caller", roles=EVERY_ROLE)
async def show_local_caller(visit: Visit) -> func.HttpResponse:
    """Show who calls, and the form that changes it."""
    _check_local()
    return visit.show("local_caller.html", every_role=list(Role))


@page("POST", "local-caller", roles=EVERY_ROLE)
async def choose_local_caller(visit: Visit) -> func.HttpResponse:
    """Let the browser call as the person whom the form names."""
    _check_local()
    chosen = visit.form(LocalCaller)
    answer = visit.go_to(address("local-caller"))
    answer.headers["Set-Cookie"] = local_caller_cookie(chosen.name or "", frozenset(chosen.roles) or EVERY_ROLE)
    return answer


def _check_local() -> None:
    if not is_local():
        raise Problem(HTTPStatus.NOT_FOUND, "page_not_found", "The console has no such page.")
