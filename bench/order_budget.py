"""What one order costs in requests to storage, episodes, activities and telemetry, next to what it may cost.

The app's own requests are those that reach Azurite. What the Durable extension asks of storage, and what the host logs, is
counted from the orders' histories and priced as it was recorded of the real host (4.1037, Durable extension 3.19.0).
"""

import argparse
import json
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.figures import keep
from bench.orders import check, histories, run_orders, stock
from scripts.cost import storage, telemetry
from scripts.cost.telemetry import Items
from scripts.cost.workload import Workload
from scripts.local_copy import LOGS_REQUESTS, LocalCopy, running_local_copy

SETTLING_TIMEOUT_S = 180
POLL_INTERVAL_S = 0.5
GOALS = {"storage requests": 85, "episodes": 8, "activities": 6, "telemetry items": 70}
# One line of Azurite's log. What is asked for again and again whether there are orders or not is no order's.
REQUEST = re.compile(r'"(GET|PUT|POST|MERGE|PATCH|DELETE|HEAD) /devstoreaccount1/([^ ?"]*)(\S*) HTTP')
POLLING = re.compile(r"GET \S+/messages|comp=(?:list|lease|metadata|properties)|GET [^ (]+\(\)")
TASK_SCHEDULED = 4
FACT = '"evt":'


class Run(NamedTuple):
    """What an order's history has."""

    episodes: float
    activities: float


def extension_requests(run: Run) -> float:
    """Return the requests of the extension for an order of one line: a call of the inventory, and a signal to it."""
    entity_runs, messages = 2, 1 + 2 + 1 + 2 * run.activities
    counted = (storage.RUN.times(run.episodes + entity_runs), storage.MESSAGE.times(messages), storage.INSTANCE)
    return storage.total(*counted).number


def telemetry_items(run: Run, facts: float) -> float:
    """Return the items of an order, its POST and its mail. facts: lines of the app."""
    counted = telemetry.total(
        telemetry.EPISODE.times(run.episodes),
        telemetry.ACTIVITY.times(run.activities),
        telemetry.ENTITY_OPERATION.times(2),
        telemetry.INSTANCE,
        telemetry.QUIET_CALL.times(2),
        Items(facts=facts),
    )
    return counted.number


def counted_run(hub: Path) -> Run:
    """Return the mean of the orders in a task hub's file."""
    runs = [episodes for _, episodes in histories(hub)]
    events = [event for episodes in runs for event in json.loads(f"[{','.join(episodes)}]")]
    scheduled = sum(event["EventType"] == TASK_SCHEDULED for event in events)
    return Run(sum(map(len, runs)) / len(runs), scheduled / len(runs))


def requests(log: str) -> Counter[str]:
    """Return the requests in a part of Azurite's log, by method and what they are for."""
    found = Counter[str]()
    for method, path, query in REQUEST.findall(log):
        if not POLLING.search(f"{method} {path}{query}"):
            found[f"{method} {re.split(r'[(/?]', path)[0]}"] += 1
    return found


def wait_for_mails(copy: LocalCopy, count: int) -> None:
    """Wait until every order's mail has been delivered: its message is deleted then."""
    deadline = time.monotonic() + SETTLING_TIMEOUT_S
    while requests(copy.log("azurite").read_text())["DELETE notifications"] < count:
        if time.monotonic() > deadline:
            raise SystemExit("the mails were not delivered in time")
        time.sleep(POLL_INTERVAL_S)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.order_budget", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=50, help="how many orders (default: %(default)s)")
    count = parser.parse_args(arguments).count
    with (
        tempfile.TemporaryDirectory() as folder,
        running_local_copy(Path(folder) / "state", {**os.environ, LOGS_REQUESTS: "1"}) as copy,
    ):
        stock(copy.addresses.base_url, count)
        before, lines = requests(copy.log("azurite").read_text()), copy.log("app").read_text().count(FACT)
        run_orders(copy, count)
        wait_for_mails(copy, count)
        own = requests(copy.log("azurite").read_text()) - before
        facts = (copy.log("app").read_text().count(FACT) - lines) / count
        check(copy.state.hub, count)
        run = counted_run(copy.state.hub)
    theirs, parcel = extension_requests(run), Workload().parcel_requests.number
    total = theirs + own.total() / count + parcel
    counted = dict(zip(GOALS, (total, run.episodes, run.activities, telemetry_items(run, facts)), strict=True))
    keep("order_requests", counted["storage requests"])
    keep("order_items", counted["telemetry items"])
    for name, number in counted.items():
        print(f"order budget: {number:.1f} {name} (goal: at most {GOALS[name]})")
    print(
        f"order budget: of the requests, {theirs:.0f} are the extension's, {parcel:.0f} the parcel's (a test counts them)"
    )
    print(f"order budget: and {own.total() / count:.1f} the app's for the order:")
    print(", ".join(f"{number / count:.1f} {what}" for what, number in own.most_common()))


if __name__ == "__main__":
    main()
