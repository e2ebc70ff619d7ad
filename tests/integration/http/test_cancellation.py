import re
from datetime import UTC, datetime

import pytest

from domain.ids import order_instance_id
from services.container import services
from tests.invariants.worker_deaths import recover_at_once
from tests.support.order_requests import order_request
from tests.support.orders import placed_order
from tests.support.shop import Shop, change_settings

WISH = {"requested_by": "ada", "reason": "changed my mind"}


async def place_waiting_order(shop: Shop) -> None:
    """Place the order `big-1`, which waits for an approval."""
    await shop.stock("piano", 3, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await shop.host.run_until_idle()


async def test_a_cancelled_order_gives_its_goods_back_and_ends(shop: Shop):
    await place_waiting_order(shop)
    answer = await shop.post("orders/big-1/cancellation", WISH)
    assert answer.status == 202
    assert answer.headers["Location"] == answer.json()["statusQueryGetUri"]
    await shop.host.run_until_idle()
    order = (await shop.get("orders/big-1")).json()
    assert (order["status"], order["succeeded"]) == ("cancelled", False)
    stock = (await shop.get("inventory/piano")).json()
    assert (stock["available"], stock["reserved"]) == (3, 0)


async def test_an_order_is_cancelled_while_a_step_is_being_tried_again(shop: Shop):
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    await shop.post("orders", order_request(order_id="a-1"))
    await shop.host.run_until_idle()
    assert (await shop.get("orders/a-1")).json()["status"] == "authorised"
    assert (await shop.post("orders/a-1/cancellation", WISH)).status == 202
    shop.sandbox.clear_faults()
    await shop.host.advance(hours=1)
    assert (await shop.get("orders/a-1")).json()["status"] == "cancelled"
    totals = shop.sandbox.totals()
    assert (totals["captured"], totals["voided"]) == (0, totals["authorised"])


async def test_an_order_that_is_paid_cannot_be_cancelled(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    await shop.host.run_until_idle()
    refused = await shop.post("orders/a-1/cancellation", WISH)
    assert (refused.status, refused.json()["code"]) == (409, "too_late")
    assert (await shop.get("orders/a-1")).json()["status"] == "completed"


async def test_an_order_past_the_point_of_no_return_cannot_be_cancelled_though_it_still_runs(
    shop: Shop, storage_connection: str, monkeypatch: pytest.MonkeyPatch
):
    no_queues = re.sub(r"QueueEndpoint=[^;]+", "QueueEndpoint=http://127.0.0.1:1/nowhere", storage_connection)
    change_settings(monkeypatch, SHOP_STORAGE=no_queues)
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    await shop.host.run_until_idle()
    order = (await shop.get("orders/a-1")).json()
    assert (order["status"], order["runtimeStatus"]) == ("completed", "Running")
    refused = await shop.post("orders/a-1/cancellation", WISH)
    assert (refused.status, refused.json()["code"]) == (409, "too_late")


async def test_a_second_cancellation_of_an_ended_order_is_a_409(shop: Shop):
    await place_waiting_order(shop)
    await shop.post("orders/big-1/cancellation", WISH)
    await shop.host.run_until_idle()
    assert (await shop.post("orders/big-1/cancellation", WISH)).status == 409


async def test_an_order_that_is_not_started_yet_is_cancelled_once_it_is(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    recover_at_once(monkeypatch)
    await shop.stock("mug", 10)
    services().order_repository.accept(placed_order("a-1", placed_at=datetime.now(UTC)), "fingerprint")
    assert (await shop.post("orders/a-1/cancellation", WISH)).status == 202
    await shop.host.run("recover_runs")
    assert (await shop.get("orders/a-1")).json()["status"] == "cancelled"


async def test_an_unknown_order_is_a_404(shop: Shop):
    assert (await shop.post("orders/unknown/cancellation", WISH)).status == 404


async def test_a_cancellation_without_a_requester_is_refused_and_the_order_goes_on(shop: Shop):
    await place_waiting_order(shop)
    refused = await shop.post("orders/big-1/cancellation", {"reason": "because"})
    assert refused.status == 422
    assert refused.json()["errors"][0]["field"] == "requested_by"
    await shop.host.run_until_idle()
    assert (await shop.get("orders/big-1")).json()["status"] == "awaiting_approval"


async def test_cancelling_an_order_that_needs_attention_names_that_status(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    recover_at_once(monkeypatch)
    await place_waiting_order(shop)
    await shop.host.operations.terminate(order_instance_id("big-1"), "a test")
    await shop.host.run_until_idle()
    await shop.host.run("recover_runs")
    refused = (await shop.post("orders/big-1/cancellation", WISH)).json()
    assert refused["detail"] == "The order has stopped already. POST /api/orders/big-1/settlement settles what is open."


async def test_cancelling_a_cancelled_order_names_that_status(shop: Shop):
    await place_waiting_order(shop)
    await shop.post("orders/big-1/cancellation", WISH)
    await shop.host.run_until_idle()
    refused = (await shop.post("orders/big-1/cancellation", WISH)).json()
    assert refused["detail"] == "The order has ended already, or is about to: it is cancelled."
