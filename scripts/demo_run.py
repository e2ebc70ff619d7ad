"""Place the demo's orders and follow each to its end, deciding those that wait for an approval."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.demo_orders import DemoOrder
from scripts.errors import LaunchFailed
from scripts.web import Answer, call, call_again

ORDERS_TIMEOUT_S = 600.0
POLL_INTERVAL_S = 0.1
DECISIONS = {
    "approve": ("approval", {"decision": "approved", "approver": "demo"}),
    "refuse": ("approval", {"decision": "rejected", "approver": "demo", "comment": "too much at once"}),
    "cancel": ("cancellation", {"requested_by": "ada", "reason": "found it elsewhere"}),
}


@dataclass
class PlacedOrder:
    """An order on its way. first, second: the answers to its posts. view: the order as the app last showed it."""

    order: DemoOrder
    first: Answer
    second: Answer | None
    view: dict[str, Any] = field(default_factory=dict)
    ended: bool = False
    decided: bool = False

    @property
    def end(self) -> str | int:
        """The order's status, or the HTTP status with which it was refused at the door."""
        return str(self.view.get("status", "unknown")) if self.first.status == 202 else self.first.status

    @property
    def as_expected(self) -> bool:
        """Whether the order, and its second post if there was one, ended as it should."""
        again = self.order.again
        answered = again is None or (self.second is not None and self.second.status == again.http_status)
        return self.end == self.order.ends and answered


def place_and_follow(base_url: str, sandbox_url: str | None, orders: Sequence[DemoOrder]) -> list[PlacedOrder]:
    """Place the orders, and return them when all have ended. Raises LaunchFailed for those that do not end in time."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("Orders ended", total=len(orders))
        placed = [_place(base_url, sandbox_url, order) for order in orders]
        deadline = time.monotonic() + ORDERS_TIMEOUT_S
        while open_orders := [one for one in placed if not one.ended]:
            for one in open_orders:
                _look_at(base_url, one)
            progress.update(bar, completed=sum(one.ended for one in placed))
            if time.monotonic() > deadline:
                names = ", ".join(one.order.order_id for one in open_orders)
                raise LaunchFailed(f"not ended after {ORDERS_TIMEOUT_S:.0f} s: {names}")
            time.sleep(POLL_INTERVAL_S)
    return placed


def _place(base_url: str, sandbox_url: str | None, order: DemoOrder) -> PlacedOrder:
    if order.fault and sandbox_url:
        call("POST", f"{sandbox_url}/sandbox/faults", order.fault)
    first = call_again("POST", f"{base_url}/api/orders", order.body)
    second = (
        call_again("POST", f"{base_url}/api/orders", {**order.body, **order.again.changes}) if order.again else None
    )
    return PlacedOrder(order, first, second, ended=first.status != 202)


def _look_at(base_url: str, one: PlacedOrder) -> None:
    url = f"{base_url}/api/orders/{one.order.order_id}"
    answer = call_again("GET", url)
    one.view = answer.body if answer.ok else {}
    one.ended = answer.status == 200
    if one.view.get("status") == "awaiting_approval" and one.order.meanwhile and not one.decided:
        resource, body = DECISIONS[one.order.meanwhile]
        one.decided = call_again("POST", f"{url}/{resource}", body).ok
