import asyncio
import json
from datetime import UTC, datetime

import pytest

from local_host.engine.status import RuntimeStatus
from services.container import services
from tests.invariants.worker_deaths import recover_at_once
from tests.support.order_requests import order_request
from tests.support.orders import placed_order
from tests.support.shop import Shop, change_settings


async def ended(shop: Shop, order_id: str):
    await shop.host.run_until_idle()
    shown = await shop.get(f"orders/{order_id}")
    assert shown.status == 200, shown
    return shown.json()


# -- placing


async def test_an_accepted_order_answers_with_its_addresses(shop: Shop):
    await shop.stock("mug", 10)
    placed = await shop.post("orders", order_request(order_id="a-1"))
    order = f"{shop.host.origin}/api/orders/a-1"
    assert placed.status == 202
    assert placed.json() == {
        "id": "a-1",
        "order_id": "a-1",
        "statusQueryGetUri": order,
        "approvalPostUri": f"{order}/approval",
        "cancellationPostUri": f"{order}/cancellation",
        "sendEventPostUri": f"{shop.host.origin}/runtime/webhooks/durabletask/instances/a-1/raiseEvent/{{eventName}}",
    }
    assert placed.headers["Location"] == order
    assert int(placed.headers["Retry-After"]) > 0


async def test_an_order_runs_to_its_end_and_is_paid_once(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    order = await ended(shop, "a-1")
    assert (order["status"], order["succeeded"]) == ("completed", True)
    assert shop.sandbox.totals()["captured"] == 2_000


async def test_the_short_form_orders_one_product(shop: Shop):
    await shop.stock("mug", 10)
    body = order_request(order_id="a-1", lines=None, product_id="mug", quantity=3)
    assert (await shop.post("orders", body)).status == 202
    await ended(shop, "a-1")
    assert shop.sandbox.totals()["captured"] == 3_000


async def test_an_order_without_an_id_is_given_one(shop: Shop):
    await shop.stock("mug", 10)
    first, second = [(await shop.post("orders", order_request())).json()["order_id"] for _ in range(2)]
    assert first != second
    assert (await ended(shop, first))["status"] == "completed"


async def test_the_stated_amount_may_be_the_computed_one(shop: Shop):
    await shop.stock("mug", 10)
    payment = {"payment_method": "pm_card_visa", "amount_cents": 2_000, "currency": "usd"}
    assert (await shop.post("orders", order_request(payment=payment))).status == 202


# -- placing again


async def test_the_same_order_sent_by_many_at_once_is_one_order(shop: Shop):
    await shop.stock("mug", 100)
    body = order_request(order_id="a-1")
    answers = await asyncio.gather(*(shop.post("orders", body) for _ in range(10)))
    assert {(answer.status, answer.json()["id"]) for answer in answers} == {(202, "a-1")}
    await ended(shop, "a-1")
    assert len(shop.sandbox.payments()) == 1
    assert (await shop.get("inventory/mug")).json()["sold"] == 2


async def test_an_order_that_has_ended_is_not_run_again(shop: Shop):
    await shop.stock("mug", 10)
    body = order_request(order_id="a-1")
    await shop.post("orders", body)
    first = await ended(shop, "a-1")
    calls = len(shop.sandbox.calls())
    assert (await shop.post("orders", body)).status == 202
    assert await ended(shop, "a-1") == first
    assert len(shop.sandbox.calls()) == calls


async def test_an_order_whose_instance_was_purged_is_not_run_again(shop: Shop):
    await shop.stock("mug", 10)
    body = order_request(order_id="a-1")
    await shop.post("orders", body)
    await ended(shop, "a-1")
    await shop.host.operations.purge("a-1")
    assert (await shop.post("orders", body)).status == 202
    assert (await ended(shop, "a-1"))["status"] == "completed"
    assert len(shop.sandbox.payments()) == 1


@pytest.mark.parametrize("change", [{"unit_price_cents": 9_999}, {"for_sale": False}])
async def test_a_repeat_is_answered_as_before_though_the_catalogue_has_changed(shop: Shop, change):
    await shop.stock("mug", 10)
    body = order_request(order_id="a-1", payment={"payment_method": "pm_card_visa", "amount_cents": 2_000})
    first = await shop.post("orders", body)
    await shop.put("products/mug", {"name": "Mug", "unit_price_cents": 1_000, **change})
    again = await shop.post("orders", body)
    assert (again.status, again.json()) == (first.status, first.json())
    await ended(shop, "a-1")  # an activity in hand would act in the sandbox of the next test


async def test_a_repeat_is_answered_as_before_though_its_version_was_withdrawn(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    await shop.stock("mug", 10)
    change_settings(monkeypatch, ORDER_VERSIONS="1.0,1.1")
    first = await shop.post("orders?version=1.0", order_request(order_id="a-1"))
    assert first.status == 202
    change_settings(monkeypatch, ORDER_VERSIONS="1.1")
    again = await shop.post("orders?version=1.0", order_request(order_id="a-1"))
    assert (again.status, again.json()) == (first.status, first.json())
    new = await shop.post("orders?version=1.0", order_request(order_id="a-2"))
    assert (new.status, new.json()["errors"][0]["rule"]) == (422, "unknown_version")
    await ended(shop, "a-1")


@pytest.mark.parametrize(
    "change",
    [
        {"customer_id": "eve"},
        {"email": "eve@example.com"},
        {"lines": [{"product_id": "mug", "quantity": 3}]},
        {"payment": {"payment_method": "pm_card_mastercard"}},
    ],
)
async def test_the_id_of_another_order_is_a_409_and_changes_nothing(shop: Shop, change):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    refused = await shop.post("orders", order_request(order_id="a-1", **change))
    assert (refused.status, refused.json()["code"]) == (409, "order_id_taken")
    await ended(shop, "a-1")
    assert shop.sandbox.totals()["captured"] == 2_000


async def test_an_id_that_differs_in_case_only_is_a_409(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="Order-A1"))
    refused = await shop.post("orders", order_request(order_id="order-a1"))
    assert (refused.status, refused.json()["code"]) == (409, "order_id_taken")
    assert (await ended(shop, "Order-A1"))["status"] == "completed"
    assert [payment["order_id"] for payment in shop.sandbox.payments()] == ["Order-A1"]


async def test_limits_are_of_the_currency_that_an_order_is_paid_in(shop: Shop):
    """250,000.00 rupiah are some 15 dollars."""
    details = {"name": "Coffee", "unit_price_cents": 25_000_000, "currency": "idr"}
    assert (await shop.put("products/coffee", details)).status == 201
    await shop.post("inventory/coffee/restock", {"quantity": 100})
    pay = {"payment_method": "pm_card_visa", "currency": "idr"}
    for order_id, quantity in (("one", 1), ("five", 5)):
        placed = await shop.post(
            "orders",
            order_request(order_id=order_id, lines=[{"product_id": "coffee", "quantity": quantity}], payment=pay),
        )
        assert placed.status == 202
        assert (await ended(shop, order_id))["status"] == "completed"
    listed = (await shop.get("orders")).json()["orders"]
    assert {order["order_id"]: order["total_cents"] for order in listed} == {"one": 25_000_000, "five": 125_000_000}


async def test_an_amount_of_more_than_32_bits_is_kept(shop: Shop):
    price = 4_000_000_000
    details = {"name": "Machine", "unit_price_cents": price, "currency": "idr"}
    assert (await shop.put("products/machine", details)).status == 201
    assert (await shop.get("products/machine")).json()["unit_price_cents"] == price
    await shop.post("inventory/machine/restock", {"quantity": 1})
    pay = {"payment_method": "pm_card_visa", "currency": "idr"}
    await shop.post(
        "orders", order_request(order_id="big", lines=[{"product_id": "machine", "quantity": 1}], payment=pay)
    )
    await shop.host.run_until_idle()
    (listed,) = (await shop.get("orders")).json()["orders"]
    assert (listed["total_cents"], listed["status"]) == (price, "awaiting_approval")


@pytest.mark.parametrize(
    ("product", "quantity", "code"),
    [
        ({"unit_price_cents": 1}, 49, "amount_not_chargeable"),
        ({"unit_price_cents": 100, "currency": "huf"}, 1, "amount_not_chargeable"),
        ({"unit_price_cents": 90_000_000}, 2, "amount_too_large"),
    ],
)
async def test_a_total_that_cannot_be_charged_is_refused_at_once(shop: Shop, product, quantity, code):
    await shop.put("products/pin", {"name": "Pin", "weight_grams": 1, **product})
    pay = {"payment_method": "pm_card_visa", "currency": product.get("currency", "usd")}
    refused = await shop.post("orders", order_request(lines=[{"product_id": "pin", "quantity": quantity}], payment=pay))
    assert refused.status == 422
    assert [(error["field"], error["rule"]) for error in refused.json()["errors"]] == [("lines", code)]


async def test_both_forms_of_one_wish_are_the_same_order(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    short = order_request(order_id="a-1", lines=None, product_id="mug", quantity=2)
    assert (await shop.post("orders", short)).status == 202


async def test_an_idempotency_key_stands_in_for_an_id(shop: Shop):
    await shop.stock("mug", 10)
    key = {"Idempotency-Key": "checkout-17"}
    first = await shop.post("orders", order_request(), headers=key)
    again = await shop.post("orders", order_request(), headers=key)
    other = await shop.post("orders", order_request(customer_id="eve"), headers=key)
    assert (first.status, again.status, other.status) == (202, 202, 409)
    assert first.json()["id"] == again.json()["id"]
    await ended(shop, first.json()["id"])
    assert len(shop.sandbox.payments()) == 1


async def test_a_key_may_repeat_the_id_but_not_differ_from_it(shop: Shop):
    await shop.stock("mug", 10)
    body = order_request(order_id="a-1")
    assert (await shop.post("orders", body, headers={"Idempotency-Key": "a-1"})).status == 202
    refused = await shop.post("orders", body, headers={"Idempotency-Key": "b-1"})
    assert refused.status == 422
    assert refused.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_an_id_that_runs_without_a_row_is_not_started_again(shop: Shop):
    await shop.stock("piano", 5, unit_price_cents=500_000)
    lines = [{"product_id": "piano", "quantity": 1, "unit_price_cents": 500_000, "weight_grams": 500}]
    running = json.dumps(json.dumps(placed_order("big-1", lines=lines).to_wire()))
    await shop.host.operations.start("process_order", running, "big-1")
    await shop.host.run_until_idle()
    refused = await shop.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    assert (refused.status, refused.json()["code"]) == (409, "order_id_taken")
    assert (await shop.get("inventory/piano")).json()["reserved"] == 1


async def test_an_ended_order_whose_instance_is_started_again_stays_as_it_ended(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    first = await ended(shop, "a-1")
    steps = first["steps"][:-1]  # the notification is a step of the instance alone
    again = json.dumps(json.dumps(services().order_repository.get("a-1").order.to_wire()))
    await shop.host.operations.start("process_order", again, "a-1")
    begun = await shop.get("orders/a-1")
    assert (begun.status, begun.json()["status"], begun.json()["steps"]) == (200, "completed", steps)
    after = await ended(shop, "a-1")
    assert (after["status"], after["runtimeStatus"], after["steps"]) == ("completed", "Completed", steps)
    assert (await shop.get("inventory/mug")).json()["sold"] == 2


# -- looking


async def test_an_order_on_its_way_is_a_202_that_says_where_it_stands(shop: Shop):
    await shop.stock("piano", 1, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="a-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await shop.host.run_until_idle()
    shown = await shop.get("orders/a-1")
    assert shown.status == 202
    assert shown.headers["Location"] == f"{shop.host.origin}/api/orders/a-1"
    assert int(shown.headers["Retry-After"]) > 0
    assert (shown.json()["runtimeStatus"], shown.json()["status"]) == ("Running", "awaiting_approval")


@pytest.mark.parametrize("order_id", ["unknown", "no.order", "@inventory@mug", "x" * 65])
async def test_an_unknown_order_is_a_404(shop: Shop, order_id):
    shown = await shop.get(f"orders/{order_id}")
    assert (shown.status, shown.json()["code"]) == (404, "order_not_found")


async def test_an_order_that_is_not_started_yet_is_pending(shop: Shop):
    services().order_repository.accept(placed_order("a-1", placed_at=datetime.now(UTC)), "fingerprint")
    shown = await shop.get("orders/a-1")
    assert shown.status == 202
    assert (shown.json()["runtimeStatus"], shown.json()["status"]) == ("Pending", "accepted")


async def test_an_order_whose_instance_was_purged_is_shown_from_the_repository(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    before = await ended(shop, "a-1")
    await shop.host.operations.purge("a-1")
    after = await ended(shop, "a-1")
    assert (after["status"], after["runtimeStatus"]) == ("completed", "Completed")
    known_to_the_book = [step for step in before["steps"] if step["step"] != "notify_customer"]
    assert after["steps"] == known_to_the_book


async def test_an_order_that_was_terminated_needs_attention_and_keeps_the_reason_to_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    recover_at_once(monkeypatch)
    await shop.stock("piano", 1, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="a-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await shop.host.run_until_idle()
    await shop.host.operations.terminate("a-1", "by root, password hunter2")
    await shop.host.run_until_idle()
    assert (await shop.get("orders/a-1")).status == 202
    await shop.host.run("recover_runs")
    order = await ended(shop, "a-1")
    listed = (await shop.get("orders", status="needs_attention")).json()["orders"]
    assert [each["order_id"] for each in listed] == ["a-1"]
    assert order["runtimeStatus"] == RuntimeStatus.COMPLETED, "its row has an end; the instance's is none"
    assert (order["status"], order["reason_code"]) == ("needs_attention", "processing_stopped")
    compensated = ["cancel_shipping", "cancel_payment", "release_inventory"]
    assert [step["step"] for step in order["steps"]] == ["reserve_inventory", *compensated]
    assert "hunter2" not in json.dumps(order)
