"""What a page of the console costs with 10,000 orders, over the one page of the repository that it reads.

`python -m bench.console_pages [COUNT]` prints the median milliseconds of both, measured in turns, and the requests to storage.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import azure.functions as func

from bench.figures import keep
from bench.order_repository import ROUNDS, SETTINGS, stored_rows
from bench.ordered_tables import load, ordered_tables
from console.web.serving import serve
from domain.orders.listing import OrderFilter
from domain.orders.order import OrderStatus
from services.container import services

_NO_CLIENT: Final[Any] = None  # a list asks the task hub nothing


def page(query: dict[str, str], path: str = "orders") -> Callable[[], None]:
    """Return what shows a page, as the platform calls it."""
    request = func.HttpRequest(
        "GET", f"http://127.0.0.1/console/{path}", params=query, route_params={"path": path}, body=b""
    )

    def show() -> None:
        assert asyncio.run(serve("GET", request, _NO_CLIENT)).status_code == 200

    return show


def listed(**wanted: Any) -> Callable[[], object]:
    """Return what reads the same page of the repository."""
    return lambda: services().order_repository.list(OrderFilter(**wanted), limit=50)


def main() -> None:
    """Measure the pages and print them."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    pairs = {
        "newest": (page({}), listed()),
        "completed": (page({"status": "completed"}), listed(status=OrderStatus.COMPLETED)),
        "of a product": (page({"by": "product", "q": "p-7"}), listed(product_id="p-7")),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "orders.db")
        load(path, stored_rows(count))
        with ordered_tables(path) as tables:
            os.environ.update(
                SETTINGS, AzureWebJobsStorage=tables.connection_string, SHOP_STORAGE=tables.connection_string
            )
            print("| page | the console: ms, requests | the repository: ms, requests | ratio |\n|---|---|---|---|")
            ratios = []
            for name, both in pairs.items():
                times = _medians(both)
                ratios.append(times[0] / times[1])
                asked = [_requests(tables, each) for each in both]
                cells = " | ".join(f"{ms:.0f}, {number}" for ms, number in zip(times, asked, strict=True))
                print(f"| {name} | {cells} | {ratios[-1]:.2f} |")
    keep("console_page_ratio", max(ratios))


def _medians(both: tuple[Callable[[], object], Callable[[], object]]) -> list[float]:
    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for each, taken in zip(both, times, strict=True):
            began = time.perf_counter()
            each()
            taken.append((time.perf_counter() - began) * 1_000)
    return [statistics.median(taken) for taken in times]


def _requests(tables: Any, read: Callable[[], object]) -> int:
    before = tables.requests
    read()
    return int(tables.requests - before)


if __name__ == "__main__":
    main()
