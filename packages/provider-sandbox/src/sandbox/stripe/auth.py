"""Who may call: any key that looks like one of Stripe's secret test keys, in Bearer or Basic authentication."""

import re
from collections.abc import Mapping

from sandbox.core.api_key import api_key
from sandbox.core.exchange import Answer
from sandbox.stripe.problem import Problem
from sandbox.stripe.wire import error_body

_TEST_KEY = re.compile(r"^(sk|rk)_test_\w+$")
_MISSING = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth"
    " (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we"
    " can help at https://support.stripe.com/."
)


def authenticate(headers: Mapping[str, str]) -> Answer | None:
    """Return None for an acceptable key, else Stripe's 401. A live key is refused: this is no place to send one."""
    key = api_key(headers)
    if _TEST_KEY.match(key):
        return None
    message = f"Invalid API Key provided: {_masked(key)}" if key else _MISSING
    body = error_body(Problem(status=401, type="invalid_request_error", message=message))
    return Answer(status=401, body=body, headers={"WWW-Authenticate": 'Bearer realm="Stripe"'}, storable=False)


def _masked(key: str) -> str:
    return f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 16 else "*" * 8
