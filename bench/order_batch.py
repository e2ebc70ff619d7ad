"""Compare many orders in one file with the same orders posted one by one.

It prints the seconds until all are accepted, until the last one has ended, and the app's memory then.
"""

import argparse
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from bench.figures import keep
from bench.orders import ENDED, POSTING_THREADS, PRODUCTS, check, resident_mib, stock
from scripts.demo_orders import CUSTOMER
from scripts.local_copy import LocalCopy, running_local_copy
from scripts.web import call

POLL_INTERVAL_S = 0.05
WARM_UP_ORDERS = 10


def wanted(prefix: str, count: int) -> list[dict[str, Any]]:
    return [
        {
            "order_id": f"{prefix}-{number}",
            **CUSTOMER,
            "lines": [{"product_id": PRODUCTS[number % len(PRODUCTS)], "quantity": 1}],
        }
        for number in range(count)
    ]


def accept_batch(base_url: str, orders: Sequence[dict[str, Any]]) -> float:
    """Return the seconds from the post to the batch's end."""
    file = "".join(json.dumps(order) + "\n" for order in orders)
    started = time.perf_counter()
    posted = requests.post(
        f"{base_url}/api/orders/batch", file, headers={"Content-Type": "application/x-ndjson"}, timeout=60
    )
    posted.raise_for_status()
    address = posted.json()["statusQueryGetUri"]
    while call("GET", address).status == 202:
        time.sleep(POLL_INTERVAL_S)
    seconds = time.perf_counter() - started
    accepted = call("GET", address).body["detail"]["accepted"]
    if accepted != len(orders):
        raise SystemExit(f"only {accepted} of {len(orders)} orders were accepted")
    return seconds


def accept_singly(base_url: str, orders: Sequence[dict[str, Any]]) -> float:
    """Return the seconds from the first post to the last answer."""
    started = time.perf_counter()
    with ThreadPoolExecutor(POSTING_THREADS) as posting:
        answers = list(posting.map(lambda order: call("POST", f"{base_url}/api/orders", order).status, orders))
    if set(answers) != {202}:
        raise SystemExit("an order was refused")
    return time.perf_counter() - started


def wait_for_all(copy: LocalCopy, count: int) -> None:
    hub = sqlite3.connect(f"file:{copy.state.hub}?mode=ro", uri=True)
    while hub.execute(ENDED).fetchone()[0] < count:
        time.sleep(POLL_INTERVAL_S)
    hub.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.order_batch", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=1_000, help="how many orders (default: %(default)s)")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder, running_local_copy(Path(folder) / "state") as copy:
        base_url, app = copy.addresses.base_url, copy.services[0].pid
        stock(base_url, 2 * count + WARM_UP_ORDERS)
        # Else the batch, which comes first, pays for what an app loads with its first orders.
        accept_singly(base_url, wanted("warm-up", WARM_UP_ORDERS))
        wait_for_all(copy, WARM_UP_ORDERS)
        started = time.perf_counter()
        batch = accept_batch(base_url, wanted("batch", count))
        wait_for_all(copy, WARM_UP_ORDERS + count)
        everything, memory = time.perf_counter() - started, resident_mib(app)
        singly = accept_singly(base_url, wanted("single", count))
        wait_for_all(copy, WARM_UP_ORDERS + 2 * count)
        check(copy.state.hub, WARM_UP_ORDERS + 2 * count)
    print(
        f"order_batch: {count} orders accepted in {batch:.1f} s, {count / batch:.0f} orders/s; one by one {singly:.1f} s"
    )
    keep("order_batch_ratio", batch / singly)
    print(f"order_batch: ratio to one by one {batch / singly:.2f}; all ended after {everything:.0f} s")
    print(f"order_batch: the app holds {memory:.0f} MiB; load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
