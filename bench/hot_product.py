"""500 orders for one product at once, whole and split, against 500 over 50 products: what one entity's line costs."""

import argparse
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench.figures import keep
from bench.orders import check, run_orders
from domain.inventory.movements import restock
from domain.inventory.requests import MAX_MOVEMENTS, CommitRequest, ReserveRequest, RestockRequest
from domain.inventory.reservations import commit, reserve
from domain.inventory.stock import Stock
from scripts.local_copy import running_local_copy
from scripts.web import call

SPREAD: Final = 50
SHARDS: Final = 8
SETTLED_ORDERS: Final = 5_000
OPEN_ORDERS: Final = 2_000
AT: Final = datetime(2026, 1, 1, tzinfo=UTC)


def orders_per_second(products: int, orders: int, shards: int = 1) -> float:
    """products: over how many of them the orders are spread evenly. shards: over how many each one's stock is split."""
    names = [f"product-{number}" for number in range(products)]
    with tempfile.TemporaryDirectory() as folder:
        with running_local_copy(Path(folder) / "state") as copy:
            base = copy.addresses.base_url
            for name in names:
                call(
                    "PUT",
                    f"{base}/api/products/{name}",
                    {"name": name, "unit_price_cents": 1_000, "stock_shards": shards},
                )
                call("POST", f"{base}/api/inventory/{name}/restock", {"quantity": orders})
            seconds = run_orders(copy, orders, names)
        check(copy.state.hub, orders)
    return orders / seconds


def state_bytes(stock: Stock) -> int:
    """Return the size of a stock's state, in the form in which it is stored."""
    return len(json.dumps(stock.to_state()))


def after_orders(count: int) -> Stock:
    """Return a stock after so many orders that have ended."""
    stock = Stock(available=count)
    for number in range(count):
        asked = CommitRequest(order_id=_order_id(number), quantity=1, placed_at=AT + timedelta(seconds=number), now=AT)
        stock, _ = commit(stock, asked)
    return stock


def with_open_orders(count: int) -> Stock:
    """Return a stock with so many open reservations."""
    stock: Stock | None = Stock(available=count)
    for number in range(count):
        asked = ReserveRequest(
            order_id=_order_id(number), quantity=1, placed_at=AT, now=AT, expires_at=AT + timedelta(days=2)
        )
        stock, _ = reserve(stock, asked)
    return stock or Stock()


def after_movements(count: int) -> Stock:
    """Return a stock after so many restocks within the time for which their keys are remembered."""
    stock = Stock()
    for number in range(count):
        stock, _ = restock(stock, RestockRequest(key=f"delivery-{number}", quantity=1, requested_at=AT))
    return stock


def print_states() -> None:
    """Print how large the state of a stock is after what makes it grow."""
    for what, stock in (
        (f"{SETTLED_ORDERS:,} orders that have ended", after_orders(SETTLED_ORDERS)),
        (f"{OPEN_ORDERS:,} open reservations", with_open_orders(OPEN_ORDERS)),
        (f"{MAX_MOVEMENTS:,} restocks, the most that are remembered", after_movements(MAX_MOVEMENTS)),
    ):
        print(f"hot_product: the state of a stock is {state_bytes(stock):,} bytes with {what}")


def _order_id(number: int) -> str:
    return f"ord-0199f3b4c5d-{number:016x}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.hot_product", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=500, help="how many orders (default: %(default)s)")
    count = parser.parse_args().count
    spread, hot, split = (
        orders_per_second(SPREAD, count),
        orders_per_second(1, count),
        orders_per_second(1, count, SHARDS),
    )
    print(f"hot_product: over {SPREAD} products {spread:.0f} orders/s, for one product {hot:.0f} orders/s")
    print(
        f"hot_product: ratio {hot / spread:.2f}; split over {SHARDS} shards {split:.0f} orders/s, ratio {split / spread:.2f}"
    )
    keep("hot_product_ratio", hot / spread)
    print_states()


if __name__ == "__main__":
    main()
