"""What each of Stripe's errors means for us, decided in one place.

Stripe keeps the first answer to an idempotency key, a 500 included, and gives it again to every repeat. So "try again" has two
meanings: the same key, when nothing was kept (time-outs, 409, 429, a fresh 5xx); another one, when a 5xx is what was kept.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from domain.errors import ProviderUnavailable, ShopError

if TYPE_CHECKING:
    from stripe import StripeError

# Codes are words; whatever else might stand in their place is not repeated.
_CODE: Final = re.compile(r"^[a-z][a-z0-9_]{0,59}$")


class CardRefused(ShopError):
    """The issuer of the card refused. code: the decline code, the error's code, or `unknown`."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the card was declined ({code})")
        self.code = code


class RequestRefused(ShopError):
    """Stripe will not do this, however often the request is sent. code: the error's, or `unknown`. param: what it is about.

    is_kept: it is the answer to the first use of the key; what it was about (too low a balance, say) may have changed since.
    """

    def __init__(self, code: str, param: str | None = None, *, is_kept: bool = False) -> None:
        super().__init__(f"the payment provider refused the request ({code})")
        self.code = code
        self.param = param
        self.is_kept = is_kept


class AccessRefused(RequestRefused):
    """The API key is wrong, or may not do this: nothing is known about the payment."""


class KeySpent(ShopError):
    """The key's kept answer is a failure of Stripe's own. Only the payment's own state shows what became of the request."""


class KeyMisused(ShopError):
    """The key was used for another request than this one."""


@contextmanager
def stripe_errors() -> Iterator[None]:
    """Turn what the SDK raises in the block into ProviderUnavailable or one of this module's errors.

    None of them is chained to the original, which repeats requests and answers.
    """
    from stripe import StripeError

    try:
        yield
    except StripeError as error:
        raise _translated(error) from None
    except (AttributeError, KeyError, TypeError, ValueError):
        # The SDK fails on an error body that is JSON but not Stripe's: a proxy's, say. So does our reading of such an answer.
        raise ProviderUnavailable("the payment provider's answer was not understood") from None


def _translated(error: "StripeError") -> ShopError:
    from stripe import AuthenticationError, CardError, IdempotencyError, InvalidRequestError, PermissionError

    code = _code(error)
    match error:
        case CardError():
            return CardRefused(code)
        case IdempotencyError():
            return KeyMisused("an idempotency key was used for another request before")
        case InvalidRequestError():
            return RequestRefused(code, error.param, is_kept=is_replay(error.headers or {}))
        case AuthenticationError() | PermissionError():
            return AccessRefused(code)
    status = error.http_status
    if status is not None and status >= 500 and is_replay(error.headers or {}):
        return KeySpent("the payment provider keeps a failure under this idempotency key")
    return ProviderUnavailable(f"the payment provider did not answer ({status or 'no connection'})")


def is_replay(headers: Mapping[str, str]) -> bool:
    """Return whether an answer with these headers is the one kept under its idempotency key."""
    return headers.get("Idempotent-Replayed") == "true"


def safe_code(*codes: object) -> str:
    """Return the first that has the form of Stripe's codes, else `unknown`."""
    return next((code for code in codes if isinstance(code, str) and _CODE.match(code)), "unknown")


def _code(error: "StripeError") -> str:
    return safe_code(getattr(error.error, "decline_code", None), error.code)
