"""What lists of orders are asked for, and what they show of an order."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Final, NamedTuple

from domain.orders.order import OrderStatus
from domain.wire import Timestamp, Wire


@dataclass(frozen=True, kw_only=True)
class OrderFilter:
    """Which orders a list has: those that meet every condition that is not None.

    Attributes:
        email: In any case: people do not keep to one.
        product_id: A product of any of the order's lines.
        tracking_code: In any case.
        payment_id: The payment provider's id.
        placed_from: Included.
        placed_to: Excluded.
    """

    customer_id: str | None = None
    email: str | None = None
    product_id: str | None = None
    tracking_code: str | None = None
    payment_id: str | None = None
    status: OrderStatus | None = None
    placed_from: datetime | None = None
    placed_to: datetime | None = None

    def __str__(self) -> str:
        """Return the conditions in one form, equal for equal filters."""
        return "\n".join(f"{field.name}={_in_one_form(getattr(self, field.name))}" for field in fields(self))


EVERY_ORDER: Final = OrderFilter()


class EndedOrder(Wire):
    """An order that has ended, as the index of ends has it. What is None is not known: it came in past the repository."""

    order_id: str
    status: OrderStatus
    ended_at: Timestamp
    currency: str | None = None
    payment_id: str | None = None
    payment_provider: str | None = None


class IndexMending(NamedTuple):
    """Orders whose index differed from their rows. unreadable: those whose rows cannot be read, nor the two compared."""

    mended: list[str]
    unreadable: list[str]


class Count(NamedTuple):
    """How many there are: at_least so many, or, if is_exact, just as many."""

    at_least: int
    is_exact: bool


class ListedOrder(Wire):
    """An order as lists show it. A field is null where the order was started past the order repository."""

    order_id: str
    customer_id: str | None = None
    status: OrderStatus
    total_cents: int | None = None
    currency: str | None = None
    placed_at: Timestamp | None = None
    updated_at: Timestamp


def _in_one_form(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
