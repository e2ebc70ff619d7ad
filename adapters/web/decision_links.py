"""Links in mails that let an approver decide: signed, running out, and good for one wait only.

A link holds no secret but its signature, which is made when the mail is written and stored nowhere. That it counts once is not its
own doing: a decision is inserted once per wait.
"""

from datetime import UTC, datetime
from typing import Final, TypeVar

from pydantic import ValidationError

from domain.expenses.claim import WithdrawalRight
from domain.wire import Wire
from domain.workflows.decision_link import DecisionLink, LinkExpired, LinkInvalid

_SALT: Final = "decision"
_WITHDRAWAL_SALT: Final = "expense-withdrawal"
MAX_TOKEN_CHARS: Final = 2000

W = TypeVar("W", bound=Wire)


class DecisionLinks:
    """Signs links with a secret. Without one no link is made, and none is accepted."""

    def __init__(self, secret: str | None, public_url: str) -> None:
        """Make the links of a shop.

        Args:
            secret: None for none. While it is changed, the new one, a comma, and the one before it, whose links stay valid.
            public_url: Where people reach the app.
        """
        # The library signs by the last one, and accepts any.
        self._secrets = [each for each in reversed((secret or "").split(",")) if each]
        self._public_url = public_url

    def address(self, link: DecisionLink) -> str | None:
        """Return the address of the page on which to decide; None when links are not set up."""
        if not self._secrets:
            return None
        return f"{self._public_url}/api/decisions?token={self.token(link)}"

    def token(self, link: DecisionLink) -> str:
        """Return what proves that the approver of a wait sends a decision."""
        return self._signed(link, _SALT)

    def withdrawal_token(self, right: WithdrawalRight) -> str | None:
        """Return what proves that a claimant withdraws a claim, the same whenever it is made; None when there is no secret."""
        return None if not self._secrets else self._signed(right, _WITHDRAWAL_SALT)

    def read_withdrawal(self, token: str) -> WithdrawalRight:
        """Return what a claimant's token says. Raises LinkInvalid."""
        return self._read(token, WithdrawalRight, _WITHDRAWAL_SALT)

    def read(self, token: str, now: datetime | None = None) -> DecisionLink:
        """Return what a link says. Raises LinkInvalid and LinkExpired."""
        link = self._read(token, DecisionLink, _SALT)
        if (now or datetime.now(UTC)) >= link.expires_at:
            raise LinkExpired("the link's time has run out")
        return link

    def _read(self, token: str, model: type[W], salt: str) -> W:
        from itsdangerous import BadSignature, URLSafeSerializer

        # What is not ASCII was not made here; half a character could not even be compared.
        if not self._secrets or len(token) > MAX_TOKEN_CHARS or not token.isascii():
            raise LinkInvalid("links are not set up, or the link is no token")
        try:
            return model.model_validate(URLSafeSerializer(self._secrets, salt).loads(token))
        except (BadSignature, ValidationError):
            raise LinkInvalid("the link is invalid") from None

    def _signed(self, content: Wire, salt: str) -> str:
        from itsdangerous import URLSafeSerializer

        return str(URLSafeSerializer(self._secrets, salt).dumps(content.to_wire()))
