"""Links in mails that let an approver decide: signed, running out, and good for one wait only.

A link holds no secret but its signature, which is made when the mail is written and stored nowhere. That it counts once is not its
own doing: a decision is entered insert-if-absent per wait.
"""

from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError

from domain.expenses.decision_link import DecisionLink, LinkExpired, LinkInvalid

_SALT: Final = "expense-decision"
MAX_CHARACTERS: Final = 2000


class DecisionLinks:
    """Signs links with a secret. Without one no link is made, and none is accepted."""

    def __init__(self, secret: str | None, public_url: str) -> None:
        self._secret = secret
        self._public_url = public_url

    def address(self, link: DecisionLink) -> str | None:
        """Return the address of the page on which to decide; None when links are not set up."""
        if self._secret is None:
            return None
        return f"{self._public_url}/api/decisions?token={self._token(link)}"

    def read(self, token: str, now: datetime | None = None) -> DecisionLink:
        """Return what a link says. Raises LinkInvalid and LinkExpired."""
        from itsdangerous import BadSignature, URLSafeSerializer

        if self._secret is None or len(token) > MAX_CHARACTERS:
            raise LinkInvalid("links are not set up, or the link is too long")
        try:
            link = DecisionLink.model_validate(URLSafeSerializer(self._secret, _SALT).loads(token))
        except (BadSignature, ValidationError):
            raise LinkInvalid("the link is invalid") from None
        if (now or datetime.now(UTC)) >= link.wait.expires_at:
            raise LinkExpired("the link's time has run out")
        return link

    def _token(self, link: DecisionLink) -> str:
        from itsdangerous import URLSafeSerializer

        return str(URLSafeSerializer(str(self._secret), _SALT).dumps(link.to_wire()))
