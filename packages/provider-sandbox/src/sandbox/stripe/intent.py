"""A payment as a value: its status, its latest charge, and the four amounts that the ledger balances."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from sandbox.stripe.problem import Decline, Problem


class Status(StrEnum):
    """The status of a PaymentIntent, as Stripe spells it."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


@dataclass(frozen=True, kw_only=True)
class Charge:
    """The latest attempt to charge. approved: the issuer said yes, so `amount` was authorised."""

    id: str
    amount: int
    created: int
    approved: bool
    captured: int = 0
    refunded: int = 0
    decline: Decline | None = None


@dataclass(frozen=True, kw_only=True)
class Method:
    """The payment method attached: its id, and the test method (`pm_card_visa`) it was made from."""

    id: str
    test_name: str
    brand: str = "visa"
    expires: bool = False


@dataclass(frozen=True, kw_only=True)
class PaymentIntent:
    """amounts: in the smallest unit. details: what is only echoed (description, metadata, shipping, …)."""

    id: str
    created: int
    amount: int
    currency: str
    manual_capture: bool
    status: Status
    method: Method | None = None
    charge: Charge | None = None
    failure: Problem | None = None
    failed_method: Method | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def capturable(self) -> int:
        """Return the amount that can be captured."""
        return self.authorised if self.status is Status.REQUIRES_CAPTURE else 0

    @property
    def authorised(self) -> int:
        """Return the amount that was ever authorised."""
        return self.charge.amount if self.charge is not None and self.charge.approved else 0

    @property
    def captured(self) -> int:
        """Return the amount that was captured."""
        return self.charge.captured if self.charge is not None else 0

    @property
    def refunded(self) -> int:
        """Return the amount that was refunded."""
        return self.charge.refunded if self.charge is not None else 0

    @property
    def voided(self) -> int:
        """What was authorised and given back uncaptured: all of it by a cancel, the rest by a partial capture."""
        ended = self.status in (Status.SUCCEEDED, Status.CANCELED)
        return self.authorised - self.captured if ended else 0

    def to_json(self) -> dict[str, Any]:
        """Return the state for the ledger."""
        return asdict(self)

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Read the state from the ledger."""
        values = dict(state)
        charge = values["charge"]
        if charge is not None:
            decline = charge["decline"]
            values["charge"] = Charge(**charge | {"decline": None if decline is None else Decline(**decline)})
        for name in ("method", "failed_method"):
            values[name] = None if values[name] is None else Method(**values[name])
        values["failure"] = None if values["failure"] is None else Problem(**values["failure"])
        values["status"] = Status(values["status"])
        return cls(**values)
