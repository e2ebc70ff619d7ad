"""Every kind of order: what is asked for, what goes wrong, what people do, and how it must end.

The people of a case are stubborn: they send a request again until it is answered, as good clients do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.testing import Sandbox
from tests.invariants.outside import Outside
from tests.support.books import finish
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop

SHELF = {"mug": 400, "piano": 80, "vase": 1}
"""Units of each product. A mug is cheap; a piano needs an approval; of vases there is one, and two of them fit into a parcel."""

PRICES = {"mug": 1_000, "piano": 150_000, "vase": 1_000, "cup": 1_000}
UNDELIVERABLE = {**ADDRESS, "street1": "UNDELIVERABLE"}

Action = tuple[str, dict[str, Any]]
"""A request below the order's own path, and its body."""

APPROVE: Action = ("approval", {"decision": "approved", "approver": "ann"})
REJECT: Action = ("approval", {"decision": "rejected", "approver": "ann"})
CANCEL: Action = ("cancellation", {"requested_by": "ada"})


@dataclass(frozen=True, kw_only=True)
class OrderCase:
    """An order and its end.

    Attributes:
        wanted: Units per product.
        changes: Changes of the order's body.
        faults: Rules of the sandbox.
        action: What a person does once the order waits.
        capture: The shop's setting.
    """

    wanted: Mapping[str, int] = field(default_factory=lambda: {"mug": 2})
    changes: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Mapping[str, Any], ...] = ()
    action: Action | None = None
    capture: str = "after_shipping"
    status: str
    reason: str | None = None

    def body(self, order_id: str) -> dict[str, Any]:
        """Return the order as it is sent."""
        lines = [{"product_id": product_id, "quantity": quantity} for product_id, quantity in self.wanted.items()]
        return order_request(order_id=order_id, lines=lines, **self.changes)


def _paid_with(method: str) -> dict[str, Any]:
    return {"payment": {"payment_method": method}}


ORDER_CASES: dict[str, OrderCase] = {
    "completed": OrderCase(status="completed"),
    "completed_several_lines": OrderCase(wanted={"mug": 2, "piano": 1}, action=APPROVE, status="completed"),
    "completed_immediate_capture": OrderCase(capture="immediate", status="completed"),
    "completed_after_faults": OrderCase(
        faults=(
            {"operation": "payment_intents.confirm", "kind": "drop_after", "next": 2},
            {"operation": "shipments.buy", "kind": "drop_after", "next": 1},
            {"operation": "payment_intents.capture", "kind": "fail_after", "next": 1},
        ),
        status="completed",
    ),
    "out_of_stock": OrderCase(wanted={"vase": 2}, status="rejected", reason="out_of_stock"),
    "one_line_out_of_stock": OrderCase(wanted={"vase": 2, "piano": 1}, status="rejected", reason="out_of_stock"),
    "declined": OrderCase(changes=_paid_with("pm_card_chargeDeclined"), status="rejected", reason="payment_declined"),
    "action_required": OrderCase(
        changes=_paid_with("pm_card_authenticationRequired"), status="rejected", reason="action_required"
    ),
    "undeliverable": OrderCase(changes={"ship_to": UNDELIVERABLE}, status="rejected", reason="undeliverable"),
    "undeliverable_immediate_capture": OrderCase(
        changes={"ship_to": UNDELIVERABLE}, capture="immediate", status="rejected", reason="undeliverable"
    ),
    "authorisation_expired": OrderCase(
        changes=_paid_with("pm_sandbox_authorisationExpires"), status="rejected", reason="authorisation_expired"
    ),
    "approved": OrderCase(wanted={"piano": 1}, action=APPROVE, status="completed"),
    "approval_rejected": OrderCase(wanted={"piano": 1}, action=REJECT, status="rejected", reason="approval_rejected"),
    "approval_timed_out": OrderCase(wanted={"piano": 1}, status="rejected", reason="approval_timed_out"),
    "cancelled_while_waiting": OrderCase(wanted={"piano": 1}, action=CANCEL, status="cancelled", reason="cancelled"),
    "cancelled_between_attempts": OrderCase(
        faults=({"operation": "payment_intents.confirm", "kind": "drop_after"},),
        action=CANCEL,
        status="cancelled",
        reason="cancelled",
    ),
    "capture_unanswered": OrderCase(
        faults=({"operation": "payment_intents.capture", "kind": "drop_after"},), status="failed", reason="no_answer"
    ),
    "payment_faulted": OrderCase(
        faults=({"operation": "shipments.buy", "kind": "refuse"},), status="failed", reason="carrier_request_refused"
    ),
    "needs_attention": OrderCase(
        changes=_paid_with("pm_sandbox_authorisationExpires"),
        faults=({"operation": "shipments.refund", "kind": "drop_before"},),
        status="needs_attention",
        reason="authorisation_expired",
    ),
}


async def stock_shelf(shop: Shop) -> None:
    """Put the products of all cases on sale."""
    for product_id, units in SHELF.items():
        await shop.stock(product_id, units, unit_price_cents=PRICES[product_id])


async def stock_shelf_outside(
    shop: Outside, shelf: Mapping[str, int] = SHELF, shards: Mapping[str, int] | None = None
) -> None:
    """Run the same in a shop of other processes, with some units of each product. shards: of those that are split."""
    for product_id, units in shelf.items():
        details = {
            "name": product_id.title(),
            "unit_price_cents": PRICES[product_id],
            "stock_shards": (shards or {}).get(product_id, 1),
        }
        assert (await shop.ask("PUT", f"products/{product_id}", json=details)).status == 201
        key = {"Idempotency-Key": f"shelf-{product_id}"}
        answer = await shop.ask("POST", f"inventory/{product_id}/restock", json={"quantity": units}, headers=key)
        assert answer.status == 202


def order_faults(sandbox: Sandbox, order_id: str, case: OrderCase) -> None:
    """Make fail what the case says, for this order only."""
    for rule in case.faults:
        sandbox.fault(order_id=order_id, **rule)


async def play(shop: Shop, order_id: str, case: OrderCase) -> None:
    """Place the order, do the action when it waits, and let time pass until its end. Telling it again repeats the requests."""
    await shop.post("orders", case.body(order_id))
    await shop.host.run_until_idle()
    if case.action is not None:
        path, body = case.action
        await shop.post(f"orders/{order_id}/{path}", body)
    await finish(shop)
