"""DBOS on SQLite in WAL mode: what a Python team would pick instead. Run it in the peers' environment."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID

from bench.local_host.workloads import SIZES, Figures, Sizes, in_threads, order, p50_p95, resident_kb, timed


@DBOS.step()
def reserve(order: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "done", "reference": f"reservation-{order['order_id']}"}


@DBOS.step()
def charge(order: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "done", "reference": f"charge-{order['order_id']}"}


@DBOS.step()
def ship(order: dict[str, Any]) -> dict[str, Any]:
    if order["undeliverable"]:
        return {"outcome": "refused", "reference": None}
    return {"outcome": "done", "reference": f"shipment-{order['order_id']}"}


@DBOS.step()
def refund(order: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "done", "reference": f"refund-{order['order_id']}"}


@DBOS.step()
def release(order: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "done", "reference": f"release-{order['order_id']}"}


@DBOS.workflow()
def saga(order: dict[str, Any]) -> str:
    reserve(order)
    charge(order)
    if ship(order)["outcome"] == "done":
        return "completed"
    refund(order)
    release(order)
    return "compensated"


@DBOS.step()
async def double(number: int) -> int:
    return 2 * number


@DBOS.workflow()
async def fan_out(count: int) -> int:
    return sum(await asyncio.gather(*(double(number) for number in range(count))))


@DBOS.workflow()
async def chain(count: int) -> int:
    return sum([await double(1) for _ in range(count)])


@DBOS.workflow()
async def waits() -> Any:
    return await DBOS.recv_async("go", timeout_seconds=600)


class Counter:
    """One row that all increment, written by a durable step: the nearest thing to an entity."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def open(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("CREATE TABLE counter (value INTEGER)")
        self._connection.execute("INSERT INTO counter VALUES (0)")

    def add(self) -> int:
        with self._lock:
            return int(self._connection.execute("UPDATE counter SET value = value + 1 RETURNING value").fetchone()[0])


counter = Counter()


@DBOS.step()
def add() -> int:
    return counter.add()


@DBOS.workflow()
def increment() -> int:
    return add()


def measure(sizes: Sizes) -> Figures:
    figures = Figures(durability="SQLite WAL, synchronous=FULL")
    saga(order(1))
    cpu = time.process_time()
    figures.sagas_per_s = sizes.sagas / in_threads(lambda n: saga(order(n)), sizes.sagas)
    figures.saga_cpu_s = (time.process_time() - cpu) / sizes.sagas
    times = [timed(lambda n=n: saga(order(n))) for n in range(sizes.single_sagas)]
    figures.single_p50_s, figures.single_p95_s = p50_p95(times)
    figures.fan_out_s = timed(lambda: asyncio.run(fan_out(sizes.fan_out)))
    figures.chain_s = timed(lambda: asyncio.run(chain(sizes.chain)))
    figures.increments_per_s = sizes.increments / in_threads(lambda _: increment(), sizes.increments)
    asyncio.run(_waiting(sizes.waiting, figures))
    return figures


async def _waiting(count: int, figures: Figures) -> None:
    before, began = resident_kb(), time.perf_counter()
    handles = []
    for number in range(count):
        with SetWorkflowID(f"waiting-{number}"):
            handles.append(await DBOS.start_workflow_async(waits))
    figures.waiting_starts_per_s = count / (time.perf_counter() - began)
    figures.waiting_kb = (resident_kb() - before) / count
    began = time.perf_counter()
    for number in range(count):
        await DBOS.send_async(f"waiting-{number}", 1, "go")
    await asyncio.gather(*(handle.get_result(polling_interval_sec=0.1) for handle in handles))
    figures.waiting_wakes_per_s = count / (time.perf_counter() - began)


def main(size: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dbos.sqlite"
        sqlite3.connect(path).execute("PRAGMA journal_mode = WAL")  # stays with the file
        counter.open(Path(folder) / "counter.sqlite")
        config: DBOSConfig = {
            "name": "bench",
            "system_database_url": f"sqlite:///{path}",
            "log_level": "ERROR",
            "notification_listener_polling_interval_sec": 0.01,
        }
        DBOS(config=config)
        DBOS.launch()
        try:
            print(measure(SIZES[size]).text())
        finally:
            DBOS.destroy()


if __name__ == "__main__":
    main(sys.argv[1])
