"""The processor time of a carrier's report in the app: `python -m bench.reports [COUNT]`, reports of COUNT parcels, ten each.

As on an ordinary parcel's way, every second report repeats the status of the one before, which needs no write.
"""

import argparse
import hashlib
import hmac
import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import requests

from bench.figures import keep
from bench.orders import HOST, POSTING_THREADS, WORKER, check, processor_seconds, run_orders, stock
from scripts.local_copy import LocalCopy, running_local_copy
from scripts.web import call

_SECRET: Final = "only for the benchmark"
_STATUSES: Final = ("pre_transit", "in_transit", "out_for_delivery", "available_for_pickup", "delivered")
WAY: Final = tuple(status for status in _STATUSES for _ in range(2))
_WARM_UP: Final = 5
"""Parcels before the measured ones: what is loaded by the first call is no cost of a report."""


def report_all(copy: LocalCopy, numbers: range) -> int:
    """Report the whole way of parcels, some at a time. Return how many reports that are."""
    with ThreadPoolExecutor(POSTING_THREADS) as posting:
        return sum(posting.map(lambda number: _report_way(copy, f"bench-{number}"), numbers))


def _report_way(copy: LocalCopy, order_id: str) -> int:
    for status in WAY:
        moved = call("POST", f"{copy.addresses.sandbox_url}/sandbox/trackers/{order_id}", {"status": status})
        body = json.dumps({"description": "tracker.updated", "object": "Event", "result": moved.body}).encode()
        signed = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hmac-Signature": f"hmac-sha256-hex={signed}", "Content-Type": "application/json"}
        url = f"{copy.addresses.base_url}/api/webhooks/carriers/easypost"
        answer = requests.post(url, body, headers=headers, timeout=60)
        if not (answer.ok and answer.json()["tracked"]):
            raise SystemExit(f"a report was refused ({answer.status_code}): {answer.text}")
    return len(WAY)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=100, help="how many parcels (default: %(default)s)")
    count = parser.parse_args().count
    environment = {**os.environ, "EASYPOST_WEBHOOK_SECRET": _SECRET}
    with tempfile.TemporaryDirectory() as folder, running_local_copy(Path(folder) / "state", environment) as copy:
        stock(copy.addresses.base_url, _WARM_UP + count)
        run_orders(copy, _WARM_UP + count)
        check(copy.state.hub, _WARM_UP + count)
        report_all(copy, range(_WARM_UP))
        before = processor_seconds(copy)
        reports = report_all(copy, range(_WARM_UP, _WARM_UP + count))
        spent = {name: used - before[name] for name, used in processor_seconds(copy).items()}
    worker, host = (1000 * spent[name] / reports for name in (WORKER, HOST))
    keep("report_worker_cpu_ms", worker)
    print(
        f"reports: {reports} of {count} parcels: {worker:.1f} ms of processor time each in the worker, {host:.1f} ms in the "
        f"host; load of the machine {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
