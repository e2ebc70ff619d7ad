"""Orders as the order book keeps them; a test says only what matters to it."""

from datetime import UTC, datetime
from typing import Any

from domain.catalogue import PricedLine
from domain.order import Order, OrderPolicy, OrderProgress, OrderStatus
from domain.steps import LedgerEntry, Outcome
from tests.adapters.examples import CUSTOMER, ORDER

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLICY = OrderPolicy(
    approval_threshold_cents=100_000, approval_timeout_s=86_400, approval_reminder_s=28_800, capture="after_shipping"
)


def line(product_id: str = "mug", quantity: int = 2) -> PricedLine:
    return PricedLine(product_id=product_id, quantity=quantity, unit_price_cents=1_250, weight_grams=400)


def order(order_id: str = ORDER, **changes: Any) -> Order:
    values = {
        "order_id": order_id,
        "customer_id": "ada",
        "lines": (line(),),
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "ship_to": CUSTOMER,
        "email": "ada@example.com",
        "placed_at": NOON,
        "policy": POLICY,
    }
    return Order(**values | changes)


def ledger(length: int, message: str | None = None) -> tuple[LedgerEntry, ...]:
    return tuple(
        LedgerEntry(step=f"step_{number}", outcome=Outcome.DONE, at=NOON, message=message) for number in range(length)
    )


def progress(status: OrderStatus, order_id: str = ORDER, **changes: Any) -> OrderProgress:
    return OrderProgress(order_id=order_id, status=status, **{"message": f"It is {status}."} | changes)
