"""Find the page of a request and answer it, errors included: a person reads them."""

from dataclasses import replace
from functools import cache, partial
from http import HTTPStatus
from importlib import import_module
from typing import Final

import azure.functions as func

from console.web.page import MENU, READERS, Method, Page, declared_pages
from console.web.rendering import address
from console.web.sign_in import is_a_page_of_a_browser, sign_in_address, to_sign_in
from console.web.visit import MenuEntry, Visit
from domain.identity import Caller
from services.durable.client import DurableClient
from triggers.http.support.audited import audited
from triggers.http.support.callers import NotSignedIn, admitted, calling
from triggers.http.support.links import serving
from triggers.http.support.problems import Problem, problem_for

_HEADINGS: Final = {
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.CONFLICT: "Another change came first",
    HTTPStatus.UNAUTHORIZED: "Sign in first",
    HTTPStatus.FORBIDDEN: "Not yours to do",
    HTTPStatus.SERVICE_UNAVAILABLE: "Try again in a moment",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The shop failed on this request",
}


async def serve(method: Method, request: func.HttpRequest, client: DurableClient) -> func.HttpResponse:
    """Answer a request for a page."""
    path = (request.route_params.get("path") or "").strip("/")
    visit = Visit(request=request, client=client, path=path)
    with serving(request, f"console/{path}" if path else "console"):
        try:
            return await _answer(method, visit)
        except NotSignedIn as problem:
            location = sign_in_address(path) if problem.can_sign_in and is_a_page_of_a_browser(request) else None
            return _error_page(visit, problem) if location is None else to_sign_in(location)
        except Exception as error:  # noqa: BLE001 - the person gets a page without details, whatever went wrong
            return _error_page(visit, problem_for(error, "console"))


async def _answer(method: Method, visit: Visit) -> func.HttpResponse:
    page, values = _page_of(method, visit.path)
    who = await admitted(visit.request, READERS if page is None else page.roles)
    with calling(who):
        if page is not None:
            act = partial(page.handler, replace(visit, values=values, caller=who, menu=_menu(who)))
            return await audited(f"console {page.path}", visit.request, who, page.roles, act)
    if not visit.path:
        return visit.go_to(address(_menu(who)[0].path))
    raise Problem(HTTPStatus.NOT_FOUND, "page_not_found", "The console has no such page.")


def _page_of(method: Method, path: str) -> tuple[Page | None, dict[str, str]]:
    for page in _pages():
        values = page.values(path) if page.method == method else None
        if values is not None:
            return page, values
    return None, {}


def _error_page(visit: Visit, problem: Problem) -> func.HttpResponse:
    heading = _HEADINGS.get(problem.status, "This did not work")
    # An action's own path is below that of the page that it acts on.
    back = visit.path.rpartition("/")[0] if visit.request.method == "POST" else ""
    is_refused_all = problem.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and not visit.path
    link = None if is_refused_all else address(back)
    return visit.show("error.html", problem.status, heading=heading, problem=problem, back=link)


@cache
def _pages() -> tuple[Page, ...]:
    import_module("console.pages")
    return declared_pages()


def _menu(who: Caller) -> tuple[MenuEntry, ...]:
    shown = {page.menu: page.path for page in _pages() if page.menu is not None and who.has(*page.roles)}
    return tuple(MenuEntry(title, shown[title]) for title in MENU if title in shown)
