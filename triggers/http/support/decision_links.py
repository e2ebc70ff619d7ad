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


def link_of(request: func.HttpRequest, token: str) -> DecisionLink:
    """Return what a link says.

    Args:
        request: The request, for the address that it comes from.
        token: Of the link.

    Raises:
        Problem: 403 for a link that is not the shop's, 410 for one that has expired, 429 after too many of either.
    """
    attempts, address, now = services().link_attempts, source_of(request) or "", datetime.now(UTC)
    if not attempts.may_try(address, now):
        wait = {"Retry-After": str(int(FAILED_LINKS_RETENTION.total_seconds()))}
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_links", "Too many links have failed.", headers=wait)
    try:
        return services().decision_links.read(token, now)
    except LinkInvalid:
        attempts.record_failure(address, now)
        raise Problem(HTTPStatus.FORBIDDEN, "link_invalid", "This link is invalid.") from None
    except LinkExpired:
        attempts.record_failure(address, now)
        raise Problem(HTTPStatus.GONE, "link_expired", "This link has expired.") from None
