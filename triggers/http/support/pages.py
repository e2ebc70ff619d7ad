"""Pages for people who follow a link of a mail."""

from collections.abc import Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

import azure.functions as func

from domain.refusals import RequestRefused
from services.container import services
from triggers.http.support.operation import PAGE, Handler
from triggers.http.support.problems import Problem, problem_of

PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
"""For the operations that answer pages: a page loads nothing, stands in no frame, and passes its address to no other site."""

# What a person reads above the problem.
_HEADINGS: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.FORBIDDEN: "This link is invalid",
    HTTPStatus.GONE: "This link has expired",
    HTTPStatus.TOO_MANY_REQUESTS: "Try again later",
    HTTPStatus.CONFLICT: "There is nothing left to decide",
}


def page(name: str, status: HTTPStatus = HTTPStatus.OK, **facts: Any) -> func.HttpResponse:
    """Render a template as the answer."""
    return func.HttpResponse(services().texts(name, **facts), status_code=status, mimetype=PAGE)


def answers_pages(handler: Handler) -> Handler:
    """Answer the handler's problems as pages, because its callers have a browser."""

    @wraps(handler)
    async def answer(**bindings: Any) -> func.HttpResponse:
        try:
            return await handler(**bindings)
        except Problem as problem:
            return _problem_page(problem)
        except RequestRefused as refusal:
            return _problem_page(problem_of(refusal))

    return answer


def _problem_page(problem: Problem) -> func.HttpResponse:
    subject = _HEADINGS.get(problem.status, "This did not work")
    return page("decision_answer.html", problem.status, subject=subject, message=problem.detail)
