"""What each of EasyPost's errors means for us, decided in one place.

EasyPost has no idempotency keys: whether a request without an answer took effect is looked up on the shipment.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from domain.errors import ProviderRefused, ProviderUnavailable, ShopError

if TYPE_CHECKING:
    from easypost.errors.api.api_error import ApiError

# Codes are dotted words; whatever else might stand in their place is not repeated.
_CODE: Final = re.compile(r"^[A-Z][A-Z0-9_.]{0,79}$")
_WORTH_ASKING_AGAIN: Final = frozenset({408, 409, 425, 429})
# They come with the status of a refusal, and say that it is not known, or not yet, what became of the request
# (https://docs.easypost.com/docs/errors, and the codes in `@types/easypost__api`).
_UNDECIDED: Final = frozenset(
    {
        "ADDRESS.VERIFY.UNAVAILABLE",
        "ADDRESS.VERIFY.UPSTREAM_UNAVAILABLE",
        "REFUND.NO_RESPONSE",
        "SHIPMENT.POSTAGE.NO_RESPONSE",
        "SHIPMENT.POSTAGE.TIMED_OUT",
        "SHIPMENT.PURCHASE.IN_PROGRESS",
    }
)


class CarrierRefused(ProviderRefused):
    """EasyPost will not do this, however often the request is sent. code: such as `ADDRESS.VERIFY.FAILURE`, or `unknown`.

    detail: its reason in its own words, which may repeat what is private: never to be shown as it is. private: what is known to
    be private of the customer that the request was about.
    """

    private: Sequence[str | None] = ()

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(f"the carrier refused the request ({code})")
        self.status = status
        self.code = code
        self.detail = detail


@contextmanager
def about(private: Sequence[str | None]) -> Iterator[None]:
    """Have a refusal in the block know what is private of the customer."""
    try:
        yield
    except CarrierRefused as refusal:
        refusal.private = private
        raise


@contextmanager
def easypost_errors() -> Iterator[None]:
    """Turn what the SDK raises in the block into ProviderUnavailable or CarrierRefused.

    Neither is chained to the original, which repeats requests and answers.
    """
    from easypost.errors.api.api_error import ApiError
    from easypost.errors.general.easypost_error import EasyPostError

    try:
        yield
    except ApiError as error:
        raise _translated(error) from None
    except (EasyPostError, AttributeError, KeyError, TypeError, ValueError):
        # The SDK fails on an error body that is JSON but not EasyPost's: a proxy's, say. So does our reading of such an answer.
        raise ProviderUnavailable("the carrier's answer was not understood") from None


def _translated(error: "ApiError") -> ShopError:
    status = error.http_status
    # No status: no connection, no answer in time, or an answer that is not JSON.
    if status is None or status < 400 or status >= 500 or status in _WORTH_ASKING_AGAIN:
        return ProviderUnavailable(f"the carrier did not answer ({status or type(error).__name__})")
    code = error.code
    if code in _UNDECIDED:
        return ProviderUnavailable(f"the carrier did not answer ({code})")
    known = code if isinstance(code, str) and _CODE.match(code) else "unknown"
    return CarrierRefused(status, known, error.message if isinstance(error.message, str) else "")
