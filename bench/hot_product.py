"""500 orders for one product at once, whole and split, against 500 over 50 products: what one entity's line costs."""

import argparse
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench.figures import keep
from bench.orders import check, run_orders
from domain.inventory.requests import CommitRequest
from domain.inventory.reservations import commit
from domain.inventory.stock import Stock
from scripts.local_copy import running_local_copy
from scripts.web import call

SPREAD: Final = 50
SHARDS: Final = 8
SETTLED_ORDERS: Final = 5_000


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


def state_bytes(orders: int) -> int:
    """Return the size of a stock's state after so many orders, in the form in which it is stored."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    stock = Stock(available=orders)
    for number in range(orders):
        order_id = f"ord-0199f3b4c5d-{number:016x}"
        request = CommitRequest(order_id=order_id, quantity=1, placed_at=at + timedelta(seconds=number), now=at)
        stock, _ = commit(stock, request)
    return len(json.dumps(stock.to_state()))


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
    print(f"hot_product: the state of a stock is {state_bytes(SETTLED_ORDERS):,} bytes after {SETTLED_ORDERS:,} orders")


if __name__ == "__main__":
    main()
