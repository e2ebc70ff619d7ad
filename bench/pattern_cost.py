"""What one run of each pattern costs the task hub: history events, and storage transactions by the model of `bench.saga_cost`.

What a run reads and writes in the shop's own tables, queues and blobs comes on top; the page of each pattern has it.
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import requests

from adapters.azure_storage.storage import Storage
from bench.file_batch import CONTAINER, put_files
from bench.orders import stock
from bench.saga_cost import Cost, measured, wait_until
from scripts.decision_mail import decision_token
from scripts.demo_orders import CUSTOMER
from scripts.local_copy import LocalCopy, running_local_copy
from scripts.web import call
from settings import StorageLocation

MANY: Final = 100
LINE: Final = {"product_id": "mug", "quantity": 1}


def saga(copy: LocalCopy) -> Cost:
    run(copy, "orders", {"order_id": "o-1", **CUSTOMER, "lines": [LINE]}, "o-1")
    return measured(copy.state.hub, "process_order")


def monitor(copy: LocalCopy) -> Cost:
    """One poll of the parcel of the saga's order."""
    call("POST", f"{base(copy)}/shipments/o-1/watch")
    wait_until(lambda: call("GET", f"{base(copy)}/shipments/o-1").status != 404)
    wait_until(lambda: call("GET", f"{base(copy)}/shipments/o-1").body["detail"].get("polls") == 1)
    return measured(copy.state.hub, "shipment_tracking")


def chaining(copy: LocalCopy) -> Cost:
    newcomer = {
        "id": "p-1",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "country": "US",
        "postal_code": "94107",
    }
    run(copy, "onboarding", {**newcomer, "birth_date": "1990-12-10", "accepts_terms": True}, "p-1")
    return measured(copy.state.hub, "user_onboarding")


def fan_out(copy: LocalCopy) -> Cost:
    put_files(Storage(StorageLocation(connection_string=copy.addresses.azurite.connection_string)), MANY)
    run(copy, "file-batches", {"id": "p-1", "container": CONTAINER, "prefix": "bench/"}, "p-1")
    return measured(copy.state.hub, "file_batch", "file_batch_chunk")


def async_http(copy: LocalCopy) -> Cost:
    period = {"placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-12-31T00:00:00Z"}
    run(copy, "reports", {"id": "p-1", **period}, "p-1")
    return measured(copy.state.hub, "report")


def human_interaction(copy: LocalCopy) -> Cost:
    receipt = {"category": "meals", "amount_cents": 1250, "currency": "usd", "spent_on": "2026-03-01"}
    claim = {"id": "p-1", "employee_id": "ada", "email": "ada@example.com", "items": [receipt]}
    assert call("POST", f"{base(copy)}/expenses", claim).ok
    wait_until(lambda: decision_token(copy.state.mails, "p-1") is not None)
    decision = {"decision": "approved", "token": decision_token(copy.state.mails, "p-1")}
    wait_until(lambda: call("POST", f"{base(copy)}/approve/expense_approval.p-1", decision).ok)
    wait_until(lambda: call("GET", f"{base(copy)}/expenses/p-1").status == 200)
    return measured(copy.state.hub, "expense_approval")


def stateful_entity(copy: LocalCopy) -> Cost:
    """Return the checkout of a cart. Each change of the cart before it is one signal."""
    assert call("POST", f"{base(copy)}/carts/ada/items", LINE).ok
    wait_until(lambda: bool(call("GET", f"{base(copy)}/carts/ada").body.get("items")))
    details = {name: value for name, value in CUSTOMER.items() if name != "customer_id"}
    posted = call("POST", f"{base(copy)}/carts/ada/checkout", details)
    assert posted.ok, posted.body
    wait_until(lambda: call("GET", posted.body["statusQueryGetUri"]).status == 200)
    return measured(copy.state.hub, "checkout_cart")


def bulk_intake(copy: LocalCopy) -> Cost:
    """Without the sagas of its orders."""
    lines = (json.dumps({"order_id": f"b-{number}", **CUSTOMER, "lines": [LINE]}) for number in range(MANY))
    headers = {"Content-Type": "application/x-ndjson"}
    posted = requests.post(f"{base(copy)}/orders/batch", "\n".join(lines), headers=headers, timeout=30)
    posted.raise_for_status()
    wait_until(lambda: call("GET", posted.json()["statusQueryGetUri"]).status == 200, patience_s=300)
    return measured(copy.state.hub, "order_batch", "order_batch_chunk")


PATTERNS: Final[Mapping[str, Callable[[LocalCopy], Cost]]] = {
    "saga (1 line)": saga,
    "monitor (1 poll)": monitor,
    "function chaining": chaining,
    f"fan-out ({MANY} files)": fan_out,
    "async HTTP": async_http,
    "human interaction": human_interaction,
    "entity (checkout)": stateful_entity,
    f"bulk intake ({MANY} lines)": bulk_intake,
}


def base(copy: LocalCopy) -> str:
    return f"{copy.addresses.base_url}/api"


def run(copy: LocalCopy, path: str, body: Mapping[str, Any], key: str) -> None:
    """Start one run and wait for its end."""
    posted = call("POST", f"{base(copy)}/{path}", body)
    assert posted.ok, posted.body
    wait_until(lambda: call("GET", f"{base(copy)}/{path}/{key}").status == 200)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_local_copy(Path(folder) / "state") as copy:
        stock(copy.addresses.base_url, 10 * MANY)
        costs = {name: cost_of(copy) for name, cost_of in PATTERNS.items()}
    print(f"pattern_cost: {'per run':<26}{'episodes':>10}{'activities':>12}{'events':>8}{'transactions':>14}")
    for name, cost in costs.items():
        print(
            f"pattern_cost: {name:<26}{cost.episodes:>10.0f}{cost.activities:>12.0f}"
            f"{cost.history_events:>8.0f}{cost.transactions:>14.0f}"
        )


if __name__ == "__main__":
    main()
