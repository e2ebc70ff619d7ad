"""What is asked of the inventory of one product: the requests of its operations."""

from collections.abc import Mapping
from operator import not_
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import Field

from domain.catalogue.product import Quantity
from domain.ids import OrderId
from domain.keyed_changes import KeyedChange
from domain.wire import VISIBLE_TEXT, Timestamp, Wire, is_absent
from domain.workflows.steps import Outcome, StepResult

UnitsReceived = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
UnitsFound = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]
"""Units found (positive) or missing (negative)."""

MAX_MOVEMENTS: Final = 500
"""Restocks and corrections that a stock remembers: 70 KB at most. Its state is read and written with each operation of an order."""

CorrectionReason = Annotated[str, Field(min_length=1, max_length=200), VISIBLE_TEXT]


class ReserveRequest(Wire):
    """Reserve units for an order until a time.

    Attributes:
        placed_at: When the order was placed; None in requests of earlier releases.
        unsettled_at: Up to which of the product's settlements the order's own record shows that it has not ended.
    """

    order_id: OrderId
    quantity: Quantity
    expires_at: Timestamp
    now: Timestamp
    placed_at: Annotated[Timestamp | None, Field(exclude_if=is_absent)] = None
    unsettled_at: Annotated[int | None, Field(exclude_if=is_absent)] = None


class Reserved(StepResult):
    """The answer of a `reserve`.

    Attributes:
        short: How many units are missing, when it is refused as out_of_stock.
        peers: Other shards that may have them, by entity key: the number of the last transfer that has arrived from each.
        settlements: How many settlements there were, when the order may be a forgotten one.
    """

    short: Annotated[int, Field(exclude_if=not_)] = 0
    peers: Annotated[Mapping[str, int], Field(exclude_if=not_)] = Field(default_factory=dict)
    settlements: Annotated[int, Field(exclude_if=not_)] = 0

    @classmethod
    def refusal(cls, reason_code: str, message: str, **remedy: Any) -> Self:
        """Return a refusal with what the order can do about it."""
        return cls(outcome=Outcome.REFUSED, reason_code=reason_code, message=message, **remedy)


class ReleaseRequest(Wire):
    """Release an order's units. placed_at: when the order was placed; None in requests of earlier releases."""

    order_id: OrderId
    now: Timestamp
    placed_at: Annotated[Timestamp | None, Field(exclude_if=is_absent)] = None


class CommitRequest(Wire):
    """Sell an order's units."""

    order_id: OrderId
    quantity: Quantity
    placed_at: Timestamp
    now: Timestamp


class RestockRequest(KeyedChange):
    """Add delivered units."""

    operation: ClassVar = "restock"
    max_remembered: ClassVar = MAX_MOVEMENTS

    quantity: UnitsReceived

    @property
    def note(self) -> Mapping[str, int | str]:
        """The units."""
        return {"units": self.quantity}


class AdjustRequest(KeyedChange):
    """Correct the count."""

    operation: ClassVar = "adjust"
    max_remembered: ClassVar = MAX_MOVEMENTS

    delta: UnitsFound
    reason: CorrectionReason

    @property
    def note(self) -> Mapping[str, int | str]:
        """The units, and why they are corrected."""
        return {"units": self.delta, "reason": self.reason}


class ExpireRequest(Wire):
    """End reservations past their time, except those of live orders, which are still being processed."""

    now: Timestamp
    live: tuple[OrderId, ...] = ()


class GiveRequest(Wire):
    """Take available units out of one shard of a product, for another one.

    Attributes:
        to: The entity key of the other one.
        wanted: How many units it is short of.
        received: The number of the last transfer that has arrived there.
    """

    to: str
    wanted: Annotated[int, Field(ge=1)]
    received: Annotated[int, Field(ge=0)] = 0


class Given(StepResult):
    """The answer of a `give`: a transfer to be taken by the shard that asked, of no units when none is available.

    Attributes:
        number: The transfer's, among those between the two shards.
        peers: Other shards that may have units, by entity key.
        under_way: Units on their way to other shards.
    """

    number: int = 0
    quantity: int = 0
    peers: tuple[str, ...] = ()
    under_way: int = 0


class TakeRequest(Wire):
    """Add the units of a transfer that another shard gave."""

    source: str
    number: Annotated[int, Field(ge=1)]
    quantity: Annotated[int, Field(ge=1)]


class AcknowledgeRequest(Wire):
    """Confirm to the shard that gave the units of a transfer that they have arrived."""

    to: str
    number: Annotated[int, Field(ge=1)]
