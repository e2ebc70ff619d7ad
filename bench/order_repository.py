"""What a page of orders, and what the timers do, costs in a repository of a thousand orders and in one of a million.

`python -m bench.order_repository [COUNT ...]` prints, per number of orders, the time, requests and rows of each read, and its time
over that of the smallest repository. The recovery timer is run as a whole, over a task hub whose instances are all at work; of the
others it is what they read of the repository first. The rows are those that the order repository writes; they are loaded past it,
because a million orders would take hours, into `bench.ordered_tables`, because the emulator looks at every row of a table for every
range.
"""

import asyncio
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
from types import SimpleNamespace
from typing import Any, Final

import azure.durable_functions as df

from adapters.azure_storage.cursor import encode_cursor
from adapters.azure_storage.table_values import long, plain
from adapters.stores.order_index import email_digest, filter_digest, index_rows, inverse_time, partition_of
from bench.figures import keep
from bench.ordered_tables import Row, Tables, load, ordered_tables
from domain.ids import PROCESS_ORDER
from domain.orders.listing import EVERY_ORDER, OrderFilter
from domain.orders.order import OrderStatus
from domain.repositories.orders import OrderRepository
from services.container import Services, process
from services.recovery.orders import OrderRecovery
from settings import Settings

COUNTS: Final = (1_000, 1_000_000)
OPEN: Final = 200
CUSTOMER_ORDERS: Final = 10
BUSY_CUSTOMER: Final = "c-busy"
PRODUCTS: Final = 10
PAGE_ORDERS: Final = 50
ROUNDS: Final = 21
BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
BETWEEN: Final = timedelta(seconds=10)
_ADDRESS: Final = {
    "name": "A",
    "street1": "1 Main St",
    "city": "San Francisco",
    "state": "CA",
    "postal_code": "94107",
    "country": "US",
}
SETTINGS: Final = {
    "STRIPE_API_KEY": "sk_test_x",
    "EASYPOST_API_KEY": "EZTK_x",
    "IDENTITY": "local",
    "SHIP_FROM": json.dumps(_ADDRESS),
}


@dataclass
class Filled:
    """A repository with so many orders, and the service behind it."""

    count: int
    services: Services
    tables: Tables

    @property
    def repository(self) -> OrderRepository:
        return self.services.order_repository


Read = Callable[[Filled], Any]


def stored_rows(count: int) -> Iterator[Row]:
    """Yield the rows of so many orders, one in a hundred of which needs attention, and the newest of which are open."""
    for number in range(count):
        order_id, placed_at = f"ord-{number:07}", BEGAN + number * BETWEEN
        partition = partition_of(order_id)
        is_open = number >= count - OPEN
        status = _status(number, is_open=is_open)
        customer = BUSY_CUSTOMER if number % 7 == 3 else f"c-{number % (count // CUSTOMER_ORDERS or 1)}"
        facts = {
            "customer_id": customer,
            "status": status,
            "total_cents": long(2_000),
            "currency": "usd",
            "placed_at": placed_at,
            "updated_at": placed_at,
            "email_digest": email_digest(f"{customer}@example.com"),
            "products": f"|p-{number % PRODUCTS}|",
            "payment_id": f"pi_{number}",
            "tracking_code": f"EZ{number}",
            **({} if is_open else {"ended_at": placed_at + timedelta(minutes=5)}),
        }
        row = {"PartitionKey": partition, "RowKey": order_id, "listed_at": placed_at, **facts}
        body = json.dumps(_wire({"order_id": order_id, **facts}))
        yield from ((partition, key, body) for key in (order_id, f"!{order_id}", *index_rows(row)))
        if is_open:
            reminder = {"workflow": "process_order", "key": order_id, "accepted_at": placed_at}
            yield partition, f"~{order_id}", json.dumps(_wire(reminder))


def _status(number: int, *, is_open: bool) -> str:
    """Return the status of an order: a ninth is rejected, one in 13 needs attention: enough for a page of each."""
    if is_open:
        return "accepted"
    return "needs_attention" if number % 13 == 0 else "rejected" if number % 9 == 0 else "completed"


def _page(**wanted: Any) -> Read:
    return lambda filled: filled.repository.list(OrderFilter(**wanted), limit=PAGE_ORDERS)


def pages() -> dict[str, Read]:
    """Return the pages of lists whose rows an index has together."""

    def behind_a_cursor(filled: Filled) -> Any:
        place = f"{inverse_time(BEGAN + filled.count // 2 * BETWEEN)}|0"
        cursor = encode_cursor([filter_digest(EVERY_ORDER), place])
        return filled.repository.list(EVERY_ORDER, cursor=cursor, limit=PAGE_ORDERS)

    return {
        "newest": _page(),
        "behind half of all": behind_a_cursor,
        "of a product": _page(product_id="p-7"),
        "of a customer": _page(customer_id="c-9"),
        "of a customer with a seventh of all": _page(customer_id=BUSY_CUSTOMER),
        "of an address": _page(email="c-9@example.com"),
        "completed": _page(status=OrderStatus.COMPLETED),
        "needs attention": _page(status=OrderStatus.NEEDS_ATTENTION),
        "of a product, completed": _page(product_id="p-7", status=OrderStatus.COMPLETED),
        "of a payment": _page(payment_id="pi_7"),
        "of a parcel": _page(tracking_code="EZ7"),
        "of an hour": _page(placed_from=BEGAN, placed_to=BEGAN + timedelta(hours=1)),
        "of the year before the first": _page(placed_from=BEGAN - timedelta(days=365), placed_to=BEGAN),
    }


def sparse_pages() -> dict[str, Read]:
    """Return pages of several conditions that few of an index's rows meet."""
    return {
        "of a product, rejected": _page(product_id="p-7", status=OrderStatus.REJECTED),
        "of that customer, rejected": _page(customer_id=BUSY_CUSTOMER, status=OrderStatus.REJECTED),
        "of that customer, accepted": _page(customer_id=BUSY_CUSTOMER, status=OrderStatus.ACCEPTED),
        "of that customer, of a product": _page(customer_id=BUSY_CUSTOMER, product_id="p-7"),
    }


def timers() -> dict[str, Read]:
    """Return what timers do, or what they read first."""

    def recover(filled: Filled) -> Any:
        process.container = filled.services
        client: Any = _AllAtWork()
        return asyncio.run(OrderRecovery().recover(client, datetime.now(UTC)))

    def ended(filled: Filled) -> Any:
        now = BEGAN + filled.count * BETWEEN
        return filled.repository.ended(now - timedelta(hours=1), now, 1_000)

    return {
        f"recovery timer and watchdog, {OPEN} open": recover,
        "reconciliation: ended within the hour": ended,
        "retention: nothing is due": lambda filled: filled.repository.ended(BEGAN - timedelta(days=365), BEGAN, 200),
        "count of open orders": lambda filled: filled.repository.count(OrderStatus.ACCEPTED),
    }


class _AllAtWork:
    """A durable client of a hub in which each order has an instance that has just gone on."""

    async def get_status(self, instance_id: str, **_: Any) -> Any:
        return SimpleNamespace(
            name=PROCESS_ORDER,
            instance_id=instance_id,
            runtime_status=df.OrchestrationRuntimeStatus.Running,
            last_updated_time=datetime.now(UTC),
            custom_status=None,
        )


def main() -> None:
    """Measure all reads at every size, in turns, and print them."""
    counts = [int(count) for count in sys.argv[1:]] or COUNTS
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        filled = [_filled(stack, folder / f"{count}.db", count) for count in counts]
        print("| read | " + " | ".join(f"{count:,} orders: ms, requests, rows" for count in counts) + " | ratio |")
        print("|---" * (len(counts) + 2) + "|")
        kinds = {"page_ratio": pages(), "sparse_page_ratio": sparse_pages(), "open_ratio": timers()}
        for figure, reads in kinds.items():
            keep(figure, max(_measured(filled, name, read) for name, read in reads.items()))


def _measured(filled: list[Filled], name: str, read: Read) -> float:
    """Print what a read costs at every size. Return the time at the largest over that at the smallest."""
    times = _times(filled, read)
    cells = [f"{ms:.0f}, {_asked(each, read)}" for ms, each in zip(times, filled, strict=True)]
    print(f"| {name} | {' | '.join(cells)} | {times[-1] / times[0]:.2f} |", flush=True)
    return times[-1] / times[0]


def _filled(stack: ExitStack, path: Path, count: int) -> Filled:
    load(path, stored_rows(count))
    tables = stack.enter_context(ordered_tables(path))
    where = dict.fromkeys(("AzureWebJobsStorage", "SHOP_STORAGE"), tables.connection_string)
    return Filled(count, Services(Settings.from_env({**SETTINGS, **where})), tables)


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
