"""What one order costs the task hub, next to the classic three-step saga: counted in the hub's own records, in one run.

Counts become storage transactions by `TRANSACTIONS`, a reading of how the Azure Storage backend stores things: a model, which the
account's own metrics may correct. Both sagas go through the same model, so that their ratio means something.
"""

import json
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from bench.figures import keep
from bench.orders import stock
from scripts.demo_orders import CUSTOMER
from scripts.local_copy import APP_READY, running_local_copy
from scripts.service import Service, wait_until_ready
from scripts.web import call

HERE: Final = Path(__file__).parent
ORDERS: Final = 20
GOAL: Final = 1.6

# Per item. A message: put, get, delete. An episode: read the history, append to it, update the instance. An activity: its
# message to the work item queue; its answer is a message of the instance's. An entity's batch: one episode of its own.
TRANSACTIONS: Final = {"starts": 1, "messages": 3, "episodes": 3, "activities": 3, "entity_batches": 6}

# Event types that reach an instance as a message: its start, ended activities and children, timers, events and entities' answers.
MESSAGES: Final = (0, 5, 6, 8, 9, 11, 15)
INSTANCES: Final = "SELECT instance_id FROM instances WHERE name = ?"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Per order. messages: that reached the instance. episodes: runs of the orchestrator, each replaying all before it.

    payload_bytes: history handed to the orchestrator over all episodes. stored_bytes: history written.
    """

    starts: float
    messages: float
    episodes: float
    activities: float
    entity_batches: float
    history_events: float
    payload_bytes: float
    stored_bytes: float

    @property
    def transactions(self) -> float:
        return sum(getattr(self, item) * price for item, price in TRANSACTIONS.items())


def measured(hub_file: Path, orchestrator: str, *parts: str) -> Cost:
    """Return the average over every instance of that orchestrator. parts: orchestrators whose instances are part of its cost."""
    hub = sqlite3.connect(hub_file)
    runs, *others = ([row[0] for row in hub.execute(INSTANCES, (name,))] for name in (orchestrator, *parts))
    ids = [*runs, *(instance_id for part in others for instance_id in part)]
    totals: Counter[str] = Counter()
    for instance_id in ids:
        query = "SELECT events FROM history WHERE instance_id = ? ORDER BY episode"
        totals.update(_counted([row[0] for row in hub.execute(query, (instance_id,))]))
    hub.close()
    return Cost(**{each.name: totals[each.name] / len(runs) for each in fields(Cost)})


def _counted(episodes: list[str]) -> Counter[str]:
    events = json.loads(f"[{','.join(episodes)}]")
    kinds = Counter(event["EventType"] for event in events)
    sizes = [len(episode) for episode in episodes]
    return Counter(
        {
            "starts": 1,
            "messages": sum(kinds[kind] for kind in MESSAGES),
            "episodes": len(episodes),
            "activities": kinds[4],
            "entity_batches": kinds[14],
            "history_events": len(events),
            "payload_bytes": sum(sum(sizes[: number + 1]) for number in range(len(sizes))),
            "stored_bytes": sum(sizes),
        }
    )


def orders_cost(folder: Path) -> Cost:
    """Return the cost of orders of one line, one after the other, through the whole app."""
    with running_local_copy(folder) as copy:
        base = copy.addresses.base_url
        stock(base, ORDERS)
        for number in range(ORDERS):
            body = {"order_id": f"cost-{number}", **CUSTOMER, "lines": [{"product_id": "mug", "quantity": 1}]}
            assert call("POST", f"{base}/api/orders", body).ok
            wait_until(lambda number=number: call("GET", f"{base}/api/orders/cost-{number}").status == 200)
    return measured(copy.state.hub, "process_order")


def classic_cost(folder: Path) -> Cost:
    """As many runs of the classic saga."""
    hub = folder / "hub.sqlite"
    command = [sys.executable, "-m", "local_host", "start", "--app", str(HERE / "classic_saga"), "--port", "0"]
    service = Service("classic saga", [*command, "--state", str(hub)], ready=APP_READY, log=folder / "app.log")
    try:
        wait_until_ready([service])
        match = APP_READY.search((folder / "app.log").read_text())
        assert match
        base = f"{match[1]}/runtime/webhooks/durabletask"
        for number in range(ORDERS):
            body = {"order_id": f"cost-{number}", **CUSTOMER, "lines": [{"product_id": "mug", "quantity": 1}]}
            assert call("POST", f"{base}/orchestrators/classic_saga/cost-{number}", body).ok
            wait_until(lambda number=number: call("GET", f"{base}/instances/cost-{number}").status == 200)
    finally:
        service.stop()
    return measured(hub, "classic_saga")


def wait_until(condition: Callable[[], bool], patience_s: float = 120.0) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "an order did not end"
        time.sleep(0.02)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours = orders_cost(Path(folder) / "ours")
        classic_folder = Path(folder) / "classic"
        classic_folder.mkdir()
        classic = classic_cost(classic_folder)
    print(f"saga_cost: {'per order':<16}{'ours':>10}{'classic':>10}{'ratio':>8}")
    for each in [field.name for field in fields(Cost)] + ["transactions"]:
        mine, theirs = getattr(ours, each), getattr(classic, each)
        ratio = f"{mine / theirs:.2f}" if theirs else "-"
        print(f"saga_cost: {each:<16}{mine:>10.1f}{theirs:>10.1f}{ratio:>8}")
    print(f"saga_cost: goal for transactions: {GOAL} x")
    keep("saga_transactions_to_classic", ours.transactions / classic.transactions)


if __name__ == "__main__":
    main()
