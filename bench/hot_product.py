"""500 orders for one product at once, against 500 orders over 50 products: what one entity's line costs."""

import argparse
import tempfile
from pathlib import Path
from typing import Final

from bench.orders import check, run_orders
from scripts.local_copy import running_local_copy
from scripts.web import call

SPREAD: Final = 50


def orders_per_second(products: int, orders: int) -> float:
    """products: over how many of them the orders are spread evenly."""
    names = [f"product-{number}" for number in range(products)]
    with tempfile.TemporaryDirectory() as folder:
        with running_local_copy(Path(folder) / "state") as copy:
            base = copy.addresses.base_url
            for name in names:
                call("PUT", f"{base}/api/products/{name}", {"name": name, "unit_price_cents": 1_000})
                call("POST", f"{base}/api/inventory/{name}/restock", {"quantity": orders})
            seconds = run_orders(copy, orders, names)
        check(copy.state.hub, orders)
    return orders / seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.hot_product", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=500, help="how many orders (default: %(default)s)")
    count = parser.parse_args().count
    spread, hot = orders_per_second(SPREAD, count), orders_per_second(1, count)
    print(f"hot_product: over {SPREAD} products {spread:.0f} orders/s, for one product {hot:.0f} orders/s")
    print(f"hot_product: ratio {hot / spread:.2f}")


if __name__ == "__main__":
    main()
