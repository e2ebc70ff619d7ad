"""What a page of orders, and the look for unfinished ones, costs in a repository of a thousand orders and in one of a million.

`python -m bench.order_repository [COUNT ...]` prints, per number of orders, the time, requests and rows of each read, and its time
over that of the smallest repository. The rows are those that the order repository writes; they are loaded past it, because a
million orders would take hours, into `bench.ordered_tables`, because the emulator looks at every row of a table for every range.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from adapters.azure_storage.storage import Storage
from adapters.azure_storage.table_values import long, plain
from adapters.stores.order_index import email_digest, index_rows, partition_of
from adapters.stores.order_repository import OrderRepository
from bench.figures import keep
from bench.ordered_tables import Row, Tables, load, ordered_tables
from domain.orders.listing import OrderFilter
from domain.orders.order import OrderStatus
from settings import StorageLocation

COUNTS: Final = (1_000, 1_000_000)
OPEN: Final = 200
CUSTOMERS: Final = 10_000
PRODUCTS: Final = 100
ROUNDS: Final = 21
BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
BETWEEN: Final = timedelta(seconds=10)


@dataclass
class Filled:
    """A repository with so many orders, and the service behind it."""

    count: int
    repository: OrderRepository
    tables: Tables


def stored_rows(count: int) -> Iterator[Row]:
    """Yield the rows of so many orders, one in a hundred of which needs attention, and the newest of which are open."""
    for number in range(count):
        order_id, placed_at = f"ord-{number:07}", BEGAN + number * BETWEEN
        partition = partition_of(order_id)
        is_open = number >= count - OPEN
        status = "accepted" if is_open else "needs_attention" if number % 100 == 0 else "completed"
        facts = {
            "customer_id": f"c-{number % CUSTOMERS}",
            "status": status,
            "total_cents": long(2_000),
            "currency": "usd",
            "placed_at": placed_at,
            "updated_at": placed_at,
            "email_digest": email_digest(f"c-{number % CUSTOMERS}@example.com"),
            "products": f"|p-{number % PRODUCTS}|",
            "payment_id": f"pi_{number}",
            "tracking_code": f"EZ{number}",
        }
        row = {"PartitionKey": partition, "RowKey": order_id, "listed_at": placed_at, **facts}
        body = json.dumps(_wire({"order_id": order_id, **facts}))
        yield from ((partition, key, body) for key in (order_id, f"!{order_id}", *index_rows(row)))
        if is_open:
            reminder = {"workflow": "process_order", "key": order_id, "accepted_at": placed_at}
            yield partition, f"~{order_id}", json.dumps(_wire(reminder))


def reads() -> dict[str, Callable[[Filled], Any]]:
    """Return what is measured."""

    def page(**wanted: Any) -> Callable[[Filled], Any]:
        return lambda filled: filled.repository.list(OrderFilter(**wanted), limit=50)

    def middle(filled: Filled) -> Any:
        return filled.repository.list(OrderFilter(placed_to=BEGAN + filled.count // 2 * BETWEEN), limit=50)

    return {
        "newest": page(),
        "from the middle": middle,
        "of a product": page(product_id="p-7"),
        "completed": page(status=OrderStatus.COMPLETED),
        "of a product, completed": page(product_id="p-7", status=OrderStatus.COMPLETED),
        "of a payment": page(payment_id="pi_7"),
        "of an hour": page(placed_from=BEGAN, placed_to=BEGAN + timedelta(hours=1)),
        f"{OPEN} unfinished": lambda filled: filled.repository.intake.open_runs(datetime.max.replace(tzinfo=UTC)),
    }


def main() -> None:
    """Measure all reads at every size, in turns, and print them."""
    counts = [int(count) for count in sys.argv[1:]] or COUNTS
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        filled = [_filled(stack, folder / f"{count}.db", count) for count in counts]
        print("| read | " + " | ".join(f"{count:,} orders: ms, requests, rows" for count in counts) + " | ratio |")
        print("|---" * (len(counts) + 2) + "|")
        ratios = []
        for name, read in reads().items():
            times = _times(filled, read)
            ratios.append(times[-1] / times[0])
            cells = [f"{ms:.0f}, {_asked(each, read)}" for ms, each in zip(times, filled, strict=True)]
            print(f"| {name} | {' | '.join(cells)} | {ratios[-1]:.2f} |")
    keep("page_ratio", max(ratios))


def _filled(stack: ExitStack, path: Path, count: int) -> Filled:
    load(path, stored_rows(count))
    tables = stack.enter_context(ordered_tables(path))
    location = StorageLocation(connection_string=tables.connection_string)
    return Filled(count, OrderRepository(Storage(location)), tables)


def _times(filled: list[Filled], read: Callable[[Filled], Any]) -> list[float]:
    """Return the median milliseconds at each size, measured in turns."""
    times: list[list[float]] = [[] for _ in filled]
    for _ in range(ROUNDS):
        for each, taken in zip(filled, times, strict=True):
            began = time.perf_counter()
            read(each)
            taken.append((time.perf_counter() - began) * 1_000)
    return [statistics.median(taken) for taken in times]


def _asked(filled: Filled, read: Callable[[Filled], Any]) -> str:
    requests, rows = filled.tables.requests, filled.tables.rows
    read(filled)
    return f"{filled.tables.requests - requests}, {filled.tables.rows - rows}"


def _wire(properties: dict[str, Any]) -> dict[str, Any]:
    """Return properties as the service writes them."""
    written: dict[str, Any] = {}
    for name, value in properties.items():
        if isinstance(value, datetime):
            written |= {name: value.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), f"{name}@odata.type": "Edm.DateTime"}
        elif isinstance(value, str):
            written[name] = value
        else:
            written |= {name: str(plain(value)), f"{name}@odata.type": "Edm.Int64"}
    return written


if __name__ == "__main__":
    main()
