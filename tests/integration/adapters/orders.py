"""What the order repository keeps; a test says only what matters to it."""

from typing import Any

from domain.catalogue.product import PricedLine
from domain.orders.order import Order, OrderProgress, OrderStatus
from domain.workflows.steps import LedgerEntry, Outcome
from tests.integration.adapters.examples import ORDER
from tests.support.orders import NOON, placed_order


def line(product_id: str) -> PricedLine:
    return PricedLine(product_id=product_id, quantity=2, unit_price_cents=1_250, weight_grams=400)


def order(order_id: str = ORDER, **changes: Any) -> Order:
    return placed_order(order_id, **changes)


def ledger(length: int, message: str | None = None) -> tuple[LedgerEntry, ...]:
    return tuple(
        LedgerEntry(step=f"step_{number}", outcome=Outcome.DONE, at=NOON, message=message) for number in range(length)
    )


def progress(status: OrderStatus, order_id: str = ORDER, **changes: Any) -> OrderProgress:
    return OrderProgress(order_id=order_id, status=status, **{"message": f"It is {status}."} | changes)
