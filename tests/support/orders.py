"""Orders as they are once accepted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.orders.order import Order
from tests.support.order_requests import ADDRESS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def placed_order(order_id: str = "a-1", *, placed_at: datetime = NOON, **changes: Any) -> Order:
    """Two mugs for 10.00 each, below the approval threshold."""
    return Order.model_validate(
        {
            "order_id": order_id,
            "customer_id": "ada",
            "lines": [
                {
                    "product_id": "mug",
                    "name": "A large mug",
                    "quantity": 2,
                    "unit_price_cents": 1_000,
                    "weight_grams": 500,
                }
            ],
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "ship_to": ADDRESS,
            "email": "ada@example.com",
            "placed_at": placed_at,
            "policy": {
                "approval_threshold_cents": 100_000,
                "approval_timeout_s": int(timedelta(hours=24).total_seconds()),
                "approval_reminder_s": int(timedelta(hours=8).total_seconds()),
                "capture": "after_shipping",
            },
            **changes,
        }
    )
