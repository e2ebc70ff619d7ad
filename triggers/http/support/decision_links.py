"""Read the token of the link in an approver's mail."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import azure.functions as func

from domain.workflows.decision_link import DecisionLink, LinkExpired, LinkInvalid
from services.container import services
from services.link_attempts import FAILED_LINKS_RETENTION
from triggers.http.support.audited import source_of
from triggers.http.support.problems import Problem

MAX_TOKEN_CHARS: Final = 2_000


async def link_of(request: func.HttpRequest, token: str) -> DecisionLink:
    """Return what a link says.

    Args:
        request: The request, for the address that it comes from.
        token: Of the link.

    Raises:
        Problem: 403 for a link that is not the shop's, 410 for one that has expired, 429 after too many of either.
    """
    now = datetime.now(UTC)
    try:
        return services().decision_links.read(token, now)
    except LinkInvalid:
        problem = Problem(HTTPStatus.FORBIDDEN, "link_invalid", "This link is invalid.")
    except LinkExpired:
        problem = Problem(HTTPStatus.GONE, "link_expired", "This link has expired.")
    raise await _failed(request, now, problem)


async def _failed(request: func.HttpRequest, now: datetime, problem: Problem) -> Problem:
    """Return what a link that failed is answered: the problem, or a 429 after too many."""
    if await services().link_attempts.may_fail(source_of(request) or "", now):
        return problem
    wait = {"Retry-After": str(int(FAILED_LINKS_RETENTION.total_seconds()))}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_links", "Too many links have failed.", headers=wait)
