"""Stripe's objects as its lists show them when they are asked to expand what belongs to them. Times are seconds since 1970."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class _Listed(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)


class Charge(_Listed):
    """The latest attempt to charge a payment. amount_refunded: paid back, or on its way back."""

    created: int
    amount_refunded: int = 0


class DetailedIntent(_Listed):
    """A PaymentIntent with its latest charge. Amounts are in the smallest unit of its currency."""

    id: str
    status: str
    created: int
    amount: int
    currency: str
    amount_capturable: int = 0
    amount_received: int = 0
    canceled_at: int | None = None
    metadata: Mapping[str, str] = Field(default_factory=dict)
    latest_charge: Charge | None = None


class DetailedRefund(_Listed):
    """A refund with the payment that it pays back; None when it was made for a charge without one."""

    id: str
    created: int
    status: str | None = None
    payment_intent: DetailedIntent | None = None
