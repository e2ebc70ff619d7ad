"""What Stripe reports of a request or a payment that failed."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """The `error` object. type: `card_error`, `invalid_request_error`, `idempotency_error` or `api_error`."""

    status: int
    type: str
    message: str
    code: str | None = None
    param: str | None = None
    decline_code: str | None = None
    charge: str | None = None


@dataclass(frozen=True, kw_only=True)
class Decline:
    """Why an issuer declines, as Stripe reports it."""

    code: str
    decline_code: str | None
    message: str
