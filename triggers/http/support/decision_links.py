"""Read the token of the link in an approver's mail."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from domain.workflows.decision_link import DecisionLink, LinkExpired, LinkInvalid
from services.container import services
from triggers.http.support.problems import Problem

MAX_TOKEN_CHARS: Final = 2_000


def link_of(token: str) -> DecisionLink:
    """Return what a link says.

    Raises:
        Problem: 403 for a link that is not the shop's, 410 for one that has expired.
    """
    try:
        return services().decision_links.read(token, datetime.now(UTC))
    except LinkInvalid:
        raise Problem(HTTPStatus.FORBIDDEN, "link_invalid", "This link is invalid.") from None
    except LinkExpired:
        raise Problem(HTTPStatus.GONE, "link_expired", "This link has expired.") from None
