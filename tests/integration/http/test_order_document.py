"""The document of one order, as its pollers read it: what was ordered, where it stands, what can be done with it."""

import json
from datetime import datetime
from typing import Any

import pytest

from local_host.testing import Answer
from tests.invariants.worker_deaths import recover_at_once
from tests.support.card_traces import traces_in
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop, running_shop, use_settings

LARGE = {"lines": [{"product_id": "piano", "quantity": 2}]}


async def place(shop: Shop, order_id: str = "a-1", **changes: Any) -> None:
    assert (await shop.post("orders", order_request(order_id=order_id, **changes))).status == 202
    await shop.host.run_until_idle()


async def document(shop: Shop, order_id: str = "a-1") -> dict[str, Any]:
    return dict((await shop.get(f"orders/{order_id}")).json())


async def open_at(shop: Shop, address: str) -> Answer:
    return await shop.get(address.removeprefix(f"{shop.host.origin}/api/"))


@pytest.fixture
async def stocked(shop: Shop) -> Shop:
    await shop.stock("mug", 10)
    await shop.stock("piano", 10, unit_price_cents=500_000)
    return shop


# -- what was ordered


async def test_it_says_what_was_ordered_by_whom_and_for_how_much(stocked: Shop):
    details = {"name": "Coffee cup", "unit_price_cents": 750}
    await stocked.put("products/cup", details)
    await stocked.post("inventory/cup/restock", {"quantity": 9})
    lines = [{"product_id": "mug", "quantity": 2}, {"product_id": "cup", "quantity": 3}]
    await place(stocked, lines=lines)
    order = await document(stocked)
    assert order["lines"] == [
        {"product_id": "mug", "name": "Mug", "quantity": 2, "unit_price_cents": 1_000, "line_total_cents": 2_000},
        {"product_id": "cup", "name": "Coffee cup", "quantity": 3, "unit_price_cents": 750, "line_total_cents": 2_250},
    ]
    assert (order["total_cents"], order["currency"], order["customer_id"]) == (4_250, "usd", "ada")
    assert (order["email"], order["ship_to"]["street1"]) == ("ada@example.com", ADDRESS["street1"])
    assert order["placed_at"] == (await stocked.get("orders")).json()["orders"][0]["placed_at"]


async def test_a_later_change_of_the_catalogue_changes_no_order(stocked: Shop):
    await place(stocked)
    await stocked.put("products/mug", {"name": "Beaker", "unit_price_cents": 9_999})
    (line,) = (await document(stocked))["lines"]
    assert (line["name"], line["unit_price_cents"]) == ("Mug", 1_000)


async def test_the_goods_are_still_shown_when_the_instance_was_purged(stocked: Shop):
    await place(stocked)
    before = await document(stocked)
    await stocked.host.operations.purge("a-1")
    after = await document(stocked)
    same = ("status", "lines", "total_cents", "email", "ship_to", "payment", "parcel", "placed_at", "dead_letters")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


async def test_the_longest_order_is_shown_whole(stocked: Shop):
    """50 lines of products with the longest names that there are, in characters that take the most room."""
    for number in range(50):
        await stocked.put(f"products/p-{number}", {"name": "\U0001f3b9" * 200, "unit_price_cents": 100})
        await stocked.post(f"inventory/p-{number}/restock", {"quantity": 1})
    await place(stocked, lines=[{"product_id": f"p-{number}", "quantity": 1} for number in range(50)])
    order = await document(stocked)
    assert (order["status"], len(order["lines"]), order["total_cents"]) == ("completed", 50, 5_000)
    assert {line["name"] for line in order["lines"]} == {"\U0001f3b9" * 200}
    await stocked.host.operations.purge("a-1")
    assert (await document(stocked))["lines"] == order["lines"]


async def test_no_payment_method_is_shown_and_no_cache_keeps_an_order(stocked: Shop):
    await place(stocked)
    shown = await stocked.get("orders/a-1")
    assert "pm_card" not in shown.text
    assert shown.headers["Cache-Control"] == "no-store"


# -- where it stands


async def test_its_ledger_is_shown_once(stocked: Shop):
    await place(stocked)
    text = (await stocked.get("orders/a-1")).text
    assert [step["step"] for step in json.loads(text)["steps"]].count("capture_payment") == 1
    assert text.count('"capture_payment"') == text.count('"reserve_inventory"') == 1


async def test_a_paid_order_shows_its_payment_and_its_parcel(stocked: Shop):
    await place(stocked)
    order = await document(stocked)
    [paid], [sent] = stocked.sandbox.payments("a-1"), stocked.sandbox.parcels("a-1")
    payment = order["payment"]
    assert (payment["provider"], payment["payment_id"], payment["state"]) == ("stripe", paid["id"], "captured")
    assert (payment["amount_cents"], payment["currency"]) == (2_000, "usd")
    parcel = order["parcel"]
    assert (parcel["state"], parcel["tracking_code"]) == ("booked", sent["tracking_code"])
    assert (parcel["carrier"], parcel["service"]) == ("USPS", sent["service"])
    assert parcel["tracking_url"].startswith("https://track.easypost.com/")


@pytest.mark.parametrize(
    ("changes", "state", "parcel"),
    [
        pytest.param({"payment": {"payment_method": "pm_card_chargeDeclined"}}, "refused", None, id="declined"),
        pytest.param({"ship_to": {**ADDRESS, "street1": "1 Undeliverable Way"}}, "voided", None, id="undeliverable"),
        pytest.param({"lines": [{"product_id": "mug", "quantity": 99}]}, "none", None, id="out of stock"),
    ],
)
async def test_what_became_of_the_money_of_an_order_that_was_not_completed(
    stocked: Shop, changes: dict[str, Any], state: str, parcel: None
):
    await place(stocked, **changes)
    order = await document(stocked)
    assert (order["payment"]["state"], order["parcel"]) == (state, parcel)


async def test_money_that_was_taken_at_once_is_shown_as_paid_back(monkeypatch, storage_connection, sandbox):
    use_settings(monkeypatch, storage_connection, sandbox, PAYMENT_CAPTURE="immediate")
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 10)
        await place(shop, ship_to={**ADDRESS, "street1": "1 Undeliverable Way"})
        assert (await document(shop))["payment"]["state"] == "refunded"
        await place(shop, "a-2")
        assert (await document(shop, "a-2"))["payment"]["state"] == "captured"


async def test_a_parcel_that_was_given_back_is_shown_so(stocked: Shop):
    stocked.sandbox.fault(operation="payment_intents.capture", kind="refuse", order_id="a-1")
    await place(stocked)
    order = await document(stocked)
    assert (order["parcel"]["state"], order["payment"]["state"]) == ("cancelled", "voided"), order["steps"]


async def test_an_approval_is_shown_from_the_wait_to_the_decision(stocked: Shop):
    await place(stocked, **LARGE)
    waiting = (await document(stocked))["approval"]
    assert (waiting["decision"], waiting["decided_at"]) == (None, None)
    assert datetime.fromisoformat(waiting["wait"]["expires_at"])
    decision = {"decision": "approved", "approver": "ann", "comment": "go ahead"}
    assert (await stocked.post("orders/a-1/approval", decision)).status == 202
    await stocked.host.run_until_idle()
    order = await document(stocked)
    decided = order["approval"]
    assert {name: decided[name] for name in decision} == decision
    assert decided["decided_at"] <= order["updated_at"]
    assert decided["wait"] is None
    await place(stocked, "a-2")
    assert (await document(stocked, "a-2"))["approval"] is None, "it needs none"


async def test_a_cancellation_says_who_asked_for_it_and_why(stocked: Shop):
    await place(stocked, **LARGE)
    request = {"requested_by": "ada", "reason": "too late"}
    await stocked.post("orders/a-1/cancellation", request)
    await stocked.host.run_until_idle()
    assert (await document(stocked))["cancellation"] == request


# -- what an operator has to do


async def stuck(shop: Shop) -> dict[str, Any]:
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse", order_id="a-1")
    shop.sandbox.fault(operation="shipments.refund", kind="refuse", order_id="a-1")
    await place(shop)
    return await document(shop)


async def test_an_order_that_needs_attention_names_its_open_dead_letters_and_how_to_settle_them(stocked: Shop):
    order = await stuck(stocked)
    assert order["status"] == "needs_attention"
    (letter,) = order["dead_letters"]
    assert letter["step"] == "cancel_shipping"
    shown = await open_at(stocked, letter["links"]["self"])
    assert shown.json()["dead_letter_id"] == letter["dead_letter_id"]
    resolution = {"resolved_by": "ann", "reason": "called the carrier"}
    address = letter["links"]["resolve"].removeprefix(f"{stocked.host.origin}/api/")
    assert (await stocked.post(address, resolution)).status == 200
    after = await document(stocked)
    assert (after["status"], after["dead_letters"]) == ("failed", [])


async def test_a_replay_is_one_request_at_the_address_that_is_shown(stocked: Shop):
    (letter,) = (await stuck(stocked))["dead_letters"]
    stocked.sandbox.clear_faults()
    address = letter["links"]["replay"].removeprefix(f"{stocked.host.origin}/api/")
    assert (await stocked.post(address)).status == 202
    await stocked.host.run_until_idle()
    order = await document(stocked)
    assert (order["status"], order["dead_letters"], order["parcel"]["state"]) == ("failed", [], "cancelled")


async def test_one_request_at_the_address_that_is_shown_settles_it(stocked: Shop):
    order = await stuck(stocked)
    stocked.sandbox.clear_faults()
    address = order["links"]["settlement"].removeprefix(f"{stocked.host.origin}/api/")
    assert (await stocked.post(address)).status == 202
    await stocked.host.run_until_idle()
    after = await document(stocked)
    assert (after["status"], after["dead_letters"], after["links"]["settlement"]) == ("failed", [], None)


# -- when it last changed


async def test_updated_at_moves_with_what_comes_after_the_end(stocked: Shop):
    (letter,) = (await stuck(stocked))["dead_letters"]
    before = await document(stocked)
    resolution = {"resolved_by": "ann", "reason": "called the carrier"}
    await stocked.post(f"dead-letters/{letter['dead_letter_id']}/resolve", resolution)
    after = await document(stocked)
    assert after["updated_at"] > before["updated_at"], "an operator has settled it"
    assert after["lastUpdatedTime"] == after["updated_at"]
    assert after["createdTime"] == after["placed_at"] == before["placed_at"]
    assert (await stocked.get("orders")).json()["orders"][0]["updated_at"] == after["updated_at"]


async def test_updated_at_moves_with_the_parcel(stocked: Shop):
    await place(stocked)
    before = await document(stocked)
    await stocked.post("shipments/a-1/watch")
    await stocked.host.run_until_idle()
    after = await document(stocked)
    assert after["parcel"]["status"] is not None
    assert after["updated_at"] > before["updated_at"]


async def test_updated_at_stays_while_nothing_changes(stocked: Shop):
    await place(stocked)
    before = (await document(stocked))["updated_at"]
    assert (await stocked.post("orders", order_request(order_id="a-1"))).status == 202
    assert (await stocked.post("orders/a-1/cancellation", {"requested_by": "ada"})).status == 409
    await stocked.host.run("recover_runs")
    assert (await document(stocked))["updated_at"] == before
    assert before >= max(step["at"] for step in (await document(stocked))["steps"])


# -- what can be done next


async def test_links_lead_to_what_can_be_done_now(stocked: Shop):
    await place(stocked, **LARGE)
    order = f"{stocked.host.origin}/api/orders/a-1"
    waiting = await document(stocked)
    assert waiting["links"] == {
        "self": order,
        "durable": f"{order}?view=durable",
        "approval": f"{order}/approval",
        "cancellation": f"{order}/cancellation",
        "watch": None,
        "settlement": None,
        "events": f"{stocked.host.origin}/runtime/webhooks/durabletask/instances/a-1/raiseEvent/{{eventName}}",
    }
    address = waiting["links"]["approval"].removeprefix(f"{stocked.host.origin}/api/")
    assert (await stocked.post(address, {"decision": "approved", "approver": "ann"})).status == 202
    await stocked.host.run_until_idle()
    ended = (await document(stocked))["links"]
    assert (ended["approval"], ended["cancellation"], ended["events"]) == (None, None, None)
    watch = ended["watch"].removeprefix(f"{stocked.host.origin}/api/")
    assert (await stocked.post(watch)).status == 202
    stocked.sandbox.post("/trackers/a-1", {"status": "delivered"})
    await stocked.host.advance(hours=1)
    assert (await document(stocked))["links"]["watch"] is None


# -- orders past the API


async def test_an_order_that_was_started_past_the_api_is_shown_from_its_instance(stocked: Shop, monkeypatch):
    recover_at_once(monkeypatch)
    await place(stocked, "a-1")
    shown = (await stocked.get("orders/a-1", view="durable")).json()
    given = json.dumps(json.dumps({**shown["input"], "order_id": "past-1"}))
    await stocked.host.operations.start("process_order", given, "past-1")
    await stocked.host.run_until_idle()
    order = await document(stocked, "past-1")
    assert (order["status"], order["lines"][0]["name"], order["total_cents"]) == ("completed", "Mug", 2_000)


async def test_a_card_number_in_the_input_of_an_order_past_the_api_is_not_shown(stocked: Shop):
    await place(stocked, "a-1")
    shown = (await stocked.get("orders/a-1", view="durable")).json()
    address = {**shown["input"]["ship_to"], "street2": "4242 4242 4242 4242"}
    given = json.dumps(json.dumps({**shown["input"], "order_id": "past-1", "ship_to": address}))
    await stocked.host.operations.start("process_order", given, "past-1")
    await stocked.host.run_until_idle()
    for params in ({}, {"view": "durable"}):
        answer = await stocked.get("orders/past-1", **params)
        assert answer.status == 200
        assert not traces_in(answer.text)
