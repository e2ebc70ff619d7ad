"""Run orders to completion with 64 in flight, and compare them with the floor of the same work.

The floor is the SDK's replay of the same histories, and SQLite's rate of committing as many steps. It also prints the app's memory
after the last order. Progress is counted in the task hub's file, so that the app processes nothing but the orders.
"""

import argparse
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from threading import Semaphore
from typing import Protocol

from bench.figures import keep
from bench.replay import orchestrator, replay_seconds, stored_steps
from scripts.demo_orders import CUSTOMER
from scripts.local_copy import Addresses, LocalCopy, running_local_copy
from scripts.seed import seed_if_empty
from scripts.state import StateFolder
from scripts.web import call

IN_FLIGHT = 64
POSTING_THREADS = 8
POLL_INTERVAL_S = 0.05
STALL_TIMEOUT_S = 300
PRODUCTS = ("mug", "beans", "grinder")
SAMPLE = 200
STEP_BYTES = 400
HOST = "of it the host"
WORKER = "the worker"
FLOOR_COMMITS = 300
ENDED = (
    "SELECT count(*) FROM instances WHERE name = 'process_order' AND status IN ('Completed', 'Failed', 'Terminated')"
)
SUCCEEDED = (
    "SELECT count(*) FROM instances WHERE name = 'process_order' AND json_extract(output, '$.status') = 'completed'"
)


class App(Protocol):
    """A running app, as far as orders need it: where it listens, and where its state is."""

    @property
    def addresses(self) -> Addresses: ...

    @property
    def state(self) -> StateFolder: ...


def run_orders(copy: App, count: int, products: Sequence[str] = PRODUCTS, *, first: int = 0) -> float:
    """Return the seconds from the first post to the end of the last order.

    products: each order is for the next of them. first: how many orders there were before.
    """
    place = Places()
    started = time.perf_counter()
    with ThreadPoolExecutor(POSTING_THREADS) as posting:
        numbers = [range(first + thread, first + count, POSTING_THREADS) for thread in range(POSTING_THREADS)]
        posts = [posting.submit(_post, copy.addresses.base_url, each, products, place) for each in numbers]
        try:
            _wait_for_ends(copy.state.hub, range(first, first + count), place, posts)
        finally:
            place.close(POSTING_THREADS)
    return time.perf_counter() - started


class Places:
    """Room for orders in flight."""

    def __init__(self) -> None:
        self._free = Semaphore(IN_FLIGHT)
        self._is_closed = False

    def take(self) -> bool:
        """Wait for a place; False when no more orders are wanted."""
        self._free.acquire()
        return not self._is_closed

    def give_back(self, count: int) -> None:
        """Make room for so many more."""
        self._free.release(count)

    def close(self, threads: int) -> None:
        """Let so many threads that wait for a place end."""
        self._is_closed = True
        self._free.release(threads)


def _wait_for_ends(hub_file: Path, numbers: range, place: Places, posts: Sequence[Future[None]]) -> None:
    """Wait for the last order. Raises SystemExit when one was refused, or when none has ended for minutes."""
    ended, moved_at = numbers.start, time.monotonic()
    with closing(sqlite3.connect(f"file:{hub_file}?mode=ro", uri=True)) as hub:
        while ended < numbers.stop:
            time.sleep(POLL_INTERVAL_S)
            for post in posts:
                if post.done():
                    post.result()
            now_ended = hub.execute(ENDED).fetchone()[0]
            if now_ended > ended:
                place.give_back(now_ended - ended)
                ended, moved_at = now_ended, time.monotonic()
            elif time.monotonic() - moved_at > STALL_TIMEOUT_S:
                raise SystemExit(f"no order has ended for {STALL_TIMEOUT_S} s: {ended} of {numbers.stop} have")


def _post(base_url: str, numbers: range, products: Sequence[str], place: Places) -> None:
    for number in numbers:
        if not place.take():
            return
        body = {
            "order_id": f"bench-{number}",
            **CUSTOMER,
            "lines": [{"product_id": products[number % len(products)], "quantity": 1}],
        }
        answer = call("POST", f"{base_url}/api/orders", body)
        if answer.status != HTTPStatus.ACCEPTED:
            raise SystemExit(f"order bench-{number} was refused ({answer.status}): {answer.body}")


def family(pid: int) -> list[int]:
    """Return a process and those that it has started, such as a host and its worker. Linux only."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def resident_mib(pid: int) -> float:
    """Return what a process and its children hold in memory. Linux only."""
    lines = [line for each in family(pid) for line in Path(f"/proc/{each}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def processor_seconds(copy: LocalCopy) -> dict[str, float]:
    """Return what each service of the copy has used so far, and this process, which posts the orders. Linux only.

    The app's host and its worker are there by themselves too.
    """
    used = {service.name: sum(map(processor_seconds_of, family(service.pid))) for service in copy.services}
    host, *workers = family(copy.services[0].pid)
    apart = {HOST: processor_seconds_of(host), WORKER: sum(map(processor_seconds_of, workers))}
    return {**used, **apart, "posting and watching": time.process_time()}


def processor_seconds_of(pid: int) -> float:
    """Return what a process has used so far, its children apart. Linux only."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def commit_seconds(folder: Path) -> float:
    """Per step, when 64 of them share one durable commit."""
    database = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE steps (seq INTEGER PRIMARY KEY, event TEXT)")
    started = time.perf_counter()
    for _ in range(FLOOR_COMMITS):
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO steps (event) VALUES (?)", [("x" * STEP_BYTES,)] * IN_FLIGHT)
        database.execute("COMMIT")
    seconds = time.perf_counter() - started
    database.close()
    return seconds / (FLOOR_COMMITS * IN_FLIGHT)


def histories(hub_file: Path) -> Iterator[tuple[str, list[str]]]:
    """Input, and the events of each episode, of every order."""
    hub = sqlite3.connect(hub_file)
    orders = "SELECT instance_id, input FROM instances WHERE name = 'process_order'"
    for instance_id, order in hub.execute(orders).fetchall():
        episodes = "SELECT events FROM history WHERE instance_id = ? ORDER BY episode"
        yield order, [events for (events,) in hub.execute(episodes, (instance_id,))]
    hub.close()


def floor_seconds(hub_file: Path, folder: Path) -> tuple[float, float]:
    """Per order: the SDK's replay time, and the time to commit its steps. From a sample of the orders just run."""
    handle = orchestrator("process_order")
    sample = list(islice(histories(hub_file), SAMPLE))
    replay = sum(replay_seconds(handle, order, episodes) for order, episodes in sample) / len(sample)
    steps = sum(stored_steps(episodes) for _, episodes in sample) / len(sample)
    return replay, steps * commit_seconds(folder)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.orders", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=2_000, help="how many orders (default: %(default)s)")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        with running_local_copy(Path(folder) / "state") as copy:
            stock(copy.addresses.base_url, count)
            before = processor_seconds(copy)
            seconds = run_orders(copy, count)
            spent = {name: used - before[name] for name, used in processor_seconds(copy).items()}
            memory = resident_mib(copy.services[0].pid)
        check(copy.state.hub, count)
        replay, commits = floor_seconds(copy.state.hub, Path(folder))
    keep("orders_per_s", count / seconds)
    keep("order_cpu_ms", 1000 * spent[copy.services[0].name] / count)
    keep("order_worker_cpu_ms", 1000 * spent[WORKER] / count)
    keep("app_mib", memory)
    floor = replay + commits
    print(
        f"orders: {count} with {IN_FLIGHT} in flight: {count / seconds:.0f} orders/s, {1000 * seconds / count:.1f} ms each"
    )
    print(
        "orders: processor time of each: "
        + ", ".join(f"{1000 * used / count:.1f} ms {name}" for name, used in spent.items())
    )
    print(f"orders: floor {1000 * floor:.1f} ms each: SDK replay {1000 * replay:.1f}, commits {1000 * commits:.2f}")
    print(
        f"orders: ratio {seconds / count / floor:.1f}; the app holds {memory:.0f} MiB; load of the machine {os.getloadavg()[0]:.1f}"
    )


def stock(base_url: str, count: int) -> None:
    seed_if_empty(base_url)
    for product_id in PRODUCTS:
        call("POST", f"{base_url}/api/inventory/{product_id}/restock", {"quantity": count})


def check(hub_file: Path, count: int) -> None:
    """Check that no order failed: a figure for failed orders would mean nothing."""
    hub = sqlite3.connect(hub_file)
    succeeded = hub.execute(SUCCEEDED).fetchone()[0]
    hub.close()
    if succeeded != count:
        raise SystemExit(f"only {succeeded} of {count} orders succeeded")


if __name__ == "__main__":
    main()
