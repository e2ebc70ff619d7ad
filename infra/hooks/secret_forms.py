"""What each secret of the app looks like, and who makes it: the providers theirs, the hook ours."""

import base64
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Form:
    """The form of one secret.

    words: for the person who is asked for it. pattern: the same as a regular expression. generate: makes one, where it is ours.
    """

    words: str
    pattern: str
    generate: Callable[[], str] | None = None

    def takes(self, value: str) -> bool:
        """Whether a value has this form."""
        return re.fullmatch(self.pattern, value) is not None


def _link_secret() -> str:
    return secrets.token_urlsafe(48)


def _webhook_secret() -> str:
    # Standard Webhooks: 24 to 64 random bytes.
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode('ascii')}"


_LINK: Final = Form(words="32 characters or more, without blanks", pattern=r"\S{32,}", generate=_link_secret)
_WEBHOOK: Final = Form(
    words="whsec_ and the Base64 of 24 to 64 random bytes",
    pattern=r"whsec_[A-Za-z0-9+/]{32,86}={0,2}",
    generate=_webhook_secret,
)
# EasyPost takes any text when a webhook is created, so it is ours to choose.
_EASYPOST_WEBHOOK: Final = Form(
    words="the webhook_secret that EasyPost was given", pattern=r"\S{16,}", generate=_link_secret
)

# Prefixes: https://docs.stripe.com/keys and https://docs.easypost.com/docs/authentication. A staging slot takes test keys alone.
FORMS: Final = {
    "stripe-api-key": Form(
        words="a secret or restricted key of Stripe: sk_live_... or rk_live_..., for a trial sk_test_... or rk_test_...",
        pattern=r"[sr]k_(live|test)_[A-Za-z0-9]{10,}",
    ),
    "stripe-test-api-key": Form(
        words="a test key of Stripe: sk_test_... or rk_test_...", pattern=r"[sr]k_test_[A-Za-z0-9]{10,}"
    ),
    "easypost-api-key": Form(
        words="an API key of EasyPost: EZAK..., for a trial EZTK...", pattern=r"EZ[AT]K[A-Za-z0-9]{20,}"
    ),
    "easypost-test-api-key": Form(words="a test key of EasyPost: EZTK...", pattern=r"EZTK[A-Za-z0-9]{20,}"),
    "link-secret": _LINK,
    "link-test-secret": _LINK,
    "webhook-secret": _WEBHOOK,
    "webhook-test-secret": _WEBHOOK,
    "easypost-webhook-secret": _EASYPOST_WEBHOOK,
    "easypost-webhook-test-secret": _EASYPOST_WEBHOOK,
}


def variable(name: str) -> str:
    """Return the environment variable that a secret is taken from: `stripe-api-key` from STRIPE_API_KEY."""
    return name.upper().replace("-", "_")
