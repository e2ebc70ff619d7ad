"""The sandbox inside a test process: its own thread and loop, a free port, and helpers for its `/sandbox` face.

with running_sandbox() as sandbox:
    sandbox.fault(operation="payment_intents.capture", kind="status", status=503, next=2)
    ...
    assert sandbox.payments("order-1")[0]["captured"] == 2500
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import requests

from sandbox.server import serving

_START_TIMEOUT_S = 60.0
_ANSWER_TIMEOUT_S = 120.0


class Sandbox:
    """A running sandbox. url: its base; Stripe's is the same, EasyPost's is `easypost_url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.easypost_url = f"{url}/v2"
        self._http = requests.Session()

    def payments(self, order_id: str | None = None) -> list[dict[str, Any]]:
        """Return the money ledger: `id, order_id, status, currency, authorised, captured, refunded, voided` per payment."""
        return list(self._get("/ledger/payments", order_id=order_id)["payments"])

    def totals(self, currency: str = "usd") -> dict[str, int]:
        """Return the sums of `authorised, captured, refunded, voided` over all payments in that currency."""
        none = {"authorised": 0, "captured": 0, "refunded": 0, "voided": 0}
        return dict(self._get("/ledger/payments")["totals"].get(currency, none))

    def parcels(self, order_id: str | None = None) -> list[dict[str, Any]]:
        """Return the parcel ledger: `id, reference, label_bought, label_active, refund_status, cost, tracking_status, …`."""
        return list(self._get("/ledger/parcels", order_id=order_id)["parcels"])

    def calls(self, order_id: str | None = None, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the call log, oldest first: `operation, order_id, idempotency_key, status, replayed, fault, …`."""
        return list(self._get("/calls", order_id=order_id, operation=operation)["calls"])

    def fault(self, **rule: Any) -> int:
        """Place a fault rule (see `sandbox.core.faults.FaultRule`); returns its id."""
        return int(self.post("/faults", rule)["ids"][0])

    def faults(self) -> list[dict[str, Any]]:
        """Return the rules in force: `id, rule, matched` (how many calls each has matched)."""
        return list(self._get("/faults")["faults"])

    def clear_faults(self) -> None:
        """Remove all rules; the calls they delay go on at once."""
        self._request("DELETE", "/faults")

    def advance(self, seconds: float) -> None:
        """Put the sandbox's clock forward: keys expire, the search index catches up."""
        self.post("/clock", {"advance_s": seconds})

    def lag_search(self, seconds: float) -> None:
        """Let Stripe's search index be so far behind."""
        self.post("/search", {"lag_s": seconds})

    def forget_keys(self) -> None:
        """Forget all idempotency keys, as Stripe does with those older than a day."""
        self._request("DELETE", "/keys")

    def reset(self) -> None:
        """Forget payments, parcels, keys, calls and faults."""
        self.post("/reset", {})

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a POST to `/sandbox` + path, e.g. `/trackers/order-1` with `{"status": "delivered"}`."""
        return self._request("POST", path, json=body)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _get(self, path: str, **query: str | None) -> dict[str, Any]:
        return self._request("GET", path, params={name: value for name, value in query.items() if value is not None})

    def _request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        response = self._http.request(method, f"{self.url}/sandbox{path}", timeout=_ANSWER_TIMEOUT_S, **options)
        if not response.ok:
            raise ValueError(f"{method} /sandbox{path}: {response.status_code} {response.text}")
        return dict(response.json())


@contextmanager
def running_sandbox(state: str = ":memory:") -> Iterator[Sandbox]:
    """Run a sandbox on a free port for the length of the block. state: `:memory:`, or a file that outlives it."""
    ready: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(state, ready)), name="sandbox", daemon=True)
    thread.start()
    url, loop, stop = ready.result(_START_TIMEOUT_S)
    sandbox = Sandbox(url)
    try:
        yield sandbox
    finally:
        sandbox.close()
        loop.call_soon_threadsafe(stop.set)
        thread.join(_START_TIMEOUT_S)


async def _serve(state: str, ready: "Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]]") -> None:
    stop = asyncio.Event()
    try:
        async with serving(state=state, port=0) as url:
            ready.set_result((url, asyncio.get_running_loop(), stop))
            await stop.wait()
    except Exception as error:
        if ready.done():
            raise
        ready.set_exception(error)
