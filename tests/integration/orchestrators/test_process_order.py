"""The order's case, one ending after the other, from its first request to balanced books."""

from typing import Any

import pytest

from domain.ids import PROCESS_ORDER
from domain.inventory import stock as inventory
from services.container import services
from tests.support.books import assert_balanced, finish
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop, running_shop, use_settings

UNDELIVERABLE = {**ADDRESS, "street1": "UNDELIVERABLE"}


async def place(shop: Shop, order_id: str = "a-1", **changes: Any) -> None:
    assert (await shop.post("orders", order_request(order_id=order_id, **changes))).status == 202


async def end_of(shop: Shop, order_id: str = "a-1", *, stocked: int = 10, quantity: int = 2) -> dict[str, Any]:
    """Let the only order end, see that the books balance, and give it."""
    await finish(shop)
    return (await assert_balanced(shop, {"mug": stocked}, {order_id: {"mug": quantity}}))[order_id]


def ledger(order: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["step"], entry["outcome"]) for entry in order["steps"]]


async def large_order(shop: Shop) -> None:
    """One that waits for a human."""
    await shop.stock("mug", 10, unit_price_cents=60_000)
    await place(shop)
    await shop.host.run_until_idle()


async def decide(shop: Shop, decision: str, approver: str = "ann") -> int:
    answer = await shop.post("orders/a-1/approval", {"decision": decision, "approver": approver, "comment": "seen"})
    return answer.status


# -- the straight way


async def test_an_order_is_reserved_paid_shipped_and_confirmed(shop: Shop):
    await shop.stock("mug", 10)
    await place(shop)
    order = await end_of(shop)
    assert order["status"] == "completed"
    assert ledger(order) == [
        ("reserve_inventory", "done"),
        ("authorise_payment", "done"),
        ("create_shipment", "done"),
        ("buy_label", "done"),
        ("capture_payment", "done"),
        ("commit_inventory", "done"),
        ("notify_customer", "done"),
    ]
    assert not [entry for entry in order["steps"] if entry["step"] == "create_shipment" and entry.get("facts")]


async def test_an_untroubled_order_makes_six_requests_to_its_providers(shop: Shop):
    await shop.stock("mug", 10)
    await place(shop)
    await end_of(shop)
    assert [call["operation"] for call in shop.sandbox.calls()] == [
        "payment_intents.create",
        "payment_intents.confirm",
        "shipments.retrieve",
        "shipments.create",
        "shipments.buy",
        "payment_intents.capture",
    ]


async def test_an_order_whose_rate_is_not_sold_any_more_buys_another_once(shop: Shop):
    await shop.stock("mug", 10)
    refusal = {"code": "SHIPMENT.MISSING_RATE", "message": "Unable to find the rate."}
    shop.sandbox.fault(face="easypost", operation="shipments.buy", kind="refuse", next=1, **refusal)
    await place(shop)
    order = await end_of(shop)
    assert order["status"] == "completed"
    [bought] = [entry for entry in order["steps"] if entry["step"] == "buy_label"]
    assert (bought["outcome"], bought["attempts"]) == ("done", 2)
    assert [call["status"] for call in shop.sandbox.calls(operation="shipments.buy")] == [422, 200]


async def test_with_immediate_capture_the_money_is_taken_with_the_authorisation(
    monkeypatch, storage_connection, sandbox
):
    use_settings(monkeypatch, storage_connection, sandbox, PAYMENT_CAPTURE="immediate")
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 10)
        await place(shop)
        order = await end_of(shop)
        assert order["status"] == "completed"
        assert not sandbox.calls("a-1", "payment_intents.capture")


async def test_with_immediate_capture_a_later_refusal_refunds(monkeypatch, storage_connection, sandbox):
    use_settings(monkeypatch, storage_connection, sandbox, PAYMENT_CAPTURE="immediate")
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 10)
        await place(shop, ship_to=UNDELIVERABLE)
        order = await end_of(shop)
        assert (order["status"], order["reason_code"]) == ("rejected", "undeliverable")
        assert sandbox.totals()["refunded"] == sandbox.totals()["captured"] == 2_000


# -- refusals


@pytest.mark.parametrize(
    ("changes", "reason", "compensated"),
    [
        ({"lines": [{"product_id": "mug", "quantity": 11}]}, "out_of_stock", {"release_inventory"}),
        (
            {"payment": {"payment_method": "pm_card_chargeDeclined"}},
            "payment_declined",
            {"release_inventory", "cancel_payment"},
        ),
        (
            {"payment": {"payment_method": "pm_card_authenticationRequired"}},
            "action_required",
            {"release_inventory", "cancel_payment"},
        ),
        ({"ship_to": UNDELIVERABLE}, "undeliverable", {"release_inventory", "cancel_payment", "cancel_shipping"}),
        (
            {"payment": {"payment_method": "pm_sandbox_authorisationExpires"}},
            "authorisation_expired",
            {"release_inventory", "cancel_payment", "cancel_shipping"},
        ),
    ],
)
async def test_a_refusal_compensates_exactly_what_was_begun(shop: Shop, changes, reason, compensated):
    await shop.stock("mug", 10)
    await place(shop, **changes)
    order = await end_of(shop)
    assert (order["status"], order["succeeded"], order["reason_code"]) == ("rejected", False, reason)
    assert {entry["step"] for entry in order["steps"] if entry["kind"] == "compensation"} == compensated


async def test_compensations_run_newest_first(shop: Shop):
    await shop.stock("mug", 10)
    await place(shop, payment={"payment_method": "pm_sandbox_authorisationExpires"})
    order = await end_of(shop)
    compensations = [entry["step"] for entry in order["steps"] if entry["kind"] == "compensation"]
    assert compensations == ["cancel_shipping", "cancel_payment", "release_inventory"]


async def test_an_order_of_several_lines_gets_all_of_them_or_none(shop: Shop):
    await shop.stock("mug", 10)
    await shop.stock("beans", 1)
    lines = [{"product_id": "mug", "quantity": 2}, {"product_id": "beans", "quantity": 2}]
    await place(shop, lines=lines)
    await finish(shop)
    shown = await assert_balanced(shop, {"mug": 10, "beans": 1}, {"a-1": {"mug": 2, "beans": 2}})
    assert shown["a-1"]["reason_code"] == "out_of_stock"


async def test_a_product_that_was_never_stocked_is_refused(shop: Shop):
    assert (await shop.put("products/mug", {"name": "Mug", "unit_price_cents": 1_000})).status == 201
    await place(shop)
    await finish(shop)
    assert (await shop.get("orders/a-1")).json()["reason_code"] == "unknown_product"


async def test_the_last_unit_is_sold_once_however_many_want_it(shop: Shop):
    await shop.stock("mug", 5)
    wanted = {f"a-{n}": {"mug": 1} for n in range(8)}
    for order_id in wanted:
        await place(shop, order_id, lines=[{"product_id": "mug", "quantity": 1}])
    await finish(shop)
    shown = await assert_balanced(shop, {"mug": 5}, wanted)
    assert sorted(order["status"] for order in shown.values()) == ["completed"] * 5 + ["rejected"] * 3


# -- approval


async def test_an_order_at_the_threshold_needs_no_approval(shop: Shop):
    await shop.stock("mug", 10, unit_price_cents=50_000)
    await place(shop)
    assert (await end_of(shop))["status"] == "completed"


async def test_a_large_order_waits_and_goes_on_when_approved(shop: Shop):
    await large_order(shop)
    waiting = await shop.get("orders/a-1")
    assert (waiting.status, waiting.json()["status"]) == (202, "awaiting_approval")
    assert not shop.sandbox.payments("a-1")
    assert await decide(shop, "approved") == 202
    order = await end_of(shop)
    assert order["status"] == "completed"
    note = next(entry for entry in order["steps"] if entry["step"] == "wait_for_approval")
    assert note["message"] == "approved by ann: seen"


async def test_a_rejected_order_gives_its_goods_back(shop: Shop):
    await large_order(shop)
    assert await decide(shop, "rejected") == 202
    order = await end_of(shop)
    assert (order["status"], order["reason_code"]) == ("rejected", "approval_rejected")


async def test_an_order_without_a_decision_is_rejected_when_its_time_is_up(shop: Shop):
    await large_order(shop)
    await shop.host.advance(hours=23, minutes=59)
    assert (await shop.get("orders/a-1")).json()["status"] == "awaiting_approval"
    await shop.host.advance(minutes=2)
    order = await end_of(shop)
    assert (order["status"], order["reason_code"]) == ("rejected", "approval_timed_out")


async def test_only_the_first_decision_counts(shop: Shop):
    await large_order(shop)
    assert [await decide(shop, "approved"), await decide(shop, "rejected", "bob")] == [202, 409]
    assert (await end_of(shop))["status"] == "completed"
    assert await decide(shop, "rejected") == 409


async def test_a_decision_whose_event_did_not_arrive_counts_when_the_time_is_up(shop: Shop):
    from domain.orders.approval import approval_wait_id
    from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
    from services.container import services

    await large_order(shop)
    decision = ApprovalDecision(decision="approved", approver="ann")
    services().approvals.settle(
        SettleApprovalRequest(workflow=PROCESS_ORDER, key="a-1", wait_id=approval_wait_id("a-1"), decision=decision)
    )
    await shop.host.advance(hours=25)
    assert (await end_of(shop))["status"] == "completed"


async def test_a_decision_whose_event_did_not_arrive_is_found_by_the_next_attempt(shop: Shop):
    from domain.orders.approval import approval_wait_id
    from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
    from services.container import services

    await large_order(shop)
    decision = ApprovalDecision(decision="approved", approver="ann")
    services().approvals.settle(
        SettleApprovalRequest(workflow=PROCESS_ORDER, key="a-1", wait_id=approval_wait_id("a-1"), decision=decision)
    )
    assert await decide(shop, "rejected") == 409
    await shop.host.run_until_idle()
    assert (await shop.get("orders/a-1")).json()["status"] == "completed"


# -- cancellation


async def test_an_order_cancelled_while_it_waits_gives_everything_back(shop: Shop):
    await large_order(shop)
    answer = await shop.post("orders/a-1/cancellation", {"requested_by": "ada", "reason": "changed my mind"})
    assert answer.status == 202
    order = await end_of(shop)
    assert (order["status"], order["reason_code"]) == ("cancelled", "cancelled")
    noted = next(entry for entry in order["steps"] if entry["step"] == "cancellation")
    assert noted["message"] == "requested by ada: changed my mind"


async def test_an_order_cancelled_while_a_provider_is_down_stops_waiting_for_it(shop: Shop):
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="payment_intents.confirm", kind="drop_after", order_id="a-1", next=1)
    await place(shop)
    await shop.host.run_until_idle()
    assert (await shop.post("orders/a-1/cancellation", {"requested_by": "ada"})).status == 202
    await shop.host.run_until_idle()
    order = await end_of(shop)
    assert order["status"] == "cancelled"
    assert shop.sandbox.totals()["voided"] == 2_000


async def test_a_paid_order_can_no_longer_be_cancelled(shop: Shop):
    await shop.stock("mug", 10)
    await place(shop)
    await finish(shop)
    assert (await shop.post("orders/a-1/cancellation", {"requested_by": "ada"})).status == 409
    assert (await end_of(shop))["status"] == "completed"


async def test_a_cancellation_that_comes_too_late_is_noted(shop: Shop):
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="payment_intents.capture", kind="delay", delay_s=600, next=1)
    await place(shop)
    while not shop.sandbox.faults()[0]["matched"]:  # until the capture is on its way
        await shop.get("health")
    await raise_event(shop, "CancellationRequested", {"requested_by": "ada"}, settle=False)
    shop.sandbox.clear_faults()
    order = await end_of(shop)
    assert order["status"] == "completed"
    assert ("cancellation", "refused") in ledger(order)


# -- never twice


async def test_a_second_run_of_an_ended_order_touches_nothing(shop: Shop):
    await shop.stock("mug", 10)
    await place(shop)
    await finish(shop)
    await run_again(shop)
    order = await end_of(shop)
    assert order["status"] == "completed"
    assert len(shop.sandbox.payments("a-1")) == 1


async def test_a_second_run_keeps_nothing_of_a_product_that_has_forgotten_the_order(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(inventory, "MAX_SETTLEMENTS", 1)
    for product_id in ("mug", "beans"):
        await shop.stock(product_id, 10)
    await place(shop, lines=[{"product_id": "mug", "quantity": 1}, {"product_id": "beans", "quantity": 1}])
    await finish(shop)
    await place(shop, order_id="a-2", lines=[{"product_id": "mug", "quantity": 1}])
    await finish(shop)
    await run_again(shop)
    await finish(shop)
    stock = (await shop.get("inventory/mug")).json()
    assert (stock["reserved"], stock["sold"]) == (0, 2)


async def run_again(shop: Shop) -> None:
    """Act as a holder of the key of the Durable management API."""
    row = services().order_repository.get("a-1")
    assert row is not None
    assert row.order is not None
    path = f"/runtime/webhooks/durabletask/orchestrators/{PROCESS_ORDER}/a-1"
    assert (await shop.host.http.post(path, json=row.order.to_wire())).status == 202


async def raise_event(shop: Shop, name: str, payload: Any, *, settle: bool = True) -> None:
    path = f"/runtime/webhooks/durabletask/instances/a-1/raiseEvent/{name}"
    assert (await shop.host.http.post(path, json=payload)).status == 202
    if settle:
        await shop.host.run_until_idle()
