from datetime import UTC, datetime, timedelta

from services.container import services
from services.inventory.reconciliation import reconcile_changed
from tests.integration.timer.test_purge_history import client_of
from tests.support.order_requests import order_request
from tests.support.shop import Shop
from tests.support.stock import release, reserve


async def test_an_inventory_that_matches_the_orders_has_no_drift(shop: Shop):
    await shop.stock("piano", 5, unit_price_cents=500_000)
    for number in range(2):
        lines = [{"product_id": "piano", "quantity": 1}]
        await shop.post("orders", order_request(order_id=f"big-{number}", lines=lines))
    await shop.host.run_until_idle()
    report = (await shop.get("reconciliation")).json()
    assert (report["products"], report["orders"], report["drift"]) == (1, 2, [])


async def test_a_reservation_for_an_order_that_does_not_exist_is_reported(shop: Shop):
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "ghost", quantity=3)
    report = (await shop.get("reconciliation")).json()
    assert report["drift"] == [
        {"product_id": "mug", "order_id": "ghost", "kind": "orphaned_reservation", "reserved": 3, "expected": 0}
    ]


async def test_an_order_that_holds_goods_it_does_not_want_is_reported(shop: Shop):
    await shop.stock("mug", 10)
    await shop.stock("piano", 5, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await reserve(shop, "mug", "big-1", quantity=2)
    (drift,) = (await shop.get("reconciliation")).json()["drift"]
    assert (drift["order_id"], drift["product_id"], drift["kind"]) == ("big-1", "mug", "quantity_differs")


async def test_drift_is_logged_for_alerts_to_match(shop: Shop, caplog):
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "ghost", quantity=3)
    await shop.host.run("reconcile_inventory")
    (warning,) = [record.getMessage() for record in caplog.records if record.name == "services.inventory.drift_log"]
    assert warning.startswith("inventory drift {")
    assert '"order_id":"ghost"' in warning


async def test_goods_that_were_sold_and_not_there_are_reported_until_some_come(shop: Shop, caplog):
    await shop.stock("piano", 1, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await shop.host.run_until_idle()
    await release(shop, "piano", "big-1")
    await reserve(shop, "piano", "other", quantity=1)
    await shop.post("orders/big-1/approval", {"decision": "approved", "approver": "ann"})
    await shop.host.run_until_idle()
    assert (await shop.get("orders/big-1")).json()["status"] == "completed"
    await shop.host.run("reconcile_inventory")
    backordered = '{"product_id":"piano","order_id":"big-1","kind":"backordered","reserved":0,"expected":1}'
    assert f"inventory drift {backordered}" in [record.getMessage() for record in caplog.records]
    assert (await shop.get("inventory/piano")).json()["backordered"] == 1
    await shop.post("inventory/piano/restock", {"quantity": 3})
    await shop.host.run_until_idle()
    assert [each["kind"] for each in (await shop.get("reconciliation")).json()["drift"]] == ["orphaned_reservation"]
    stock = (await shop.get("inventory/piano")).json()
    assert (stock["available"], stock["reserved"], stock["sold"], stock["backordered"]) == (2, 1, 1, 0)


async def test_what_an_order_does_to_a_stock_hours_after_it_was_placed_is_compared_too(shop: Shop, monkeypatch):
    monkeypatch.setattr("services.inventory.sold_lines.SAMPLE_SIZE", 1)
    await shop.stock("mug", 10)
    await shop.stock("piano", 1, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await shop.host.run_until_idle()
    client, now = client_of(shop), datetime.now(UTC)
    for hours in (2, 3, 4):
        assert (await reconcile_changed(client, now + timedelta(hours=hours), lambda: True)).drift == ()
    await release(shop, "piano", "big-1")
    await reserve(shop, "piano", "other", quantity=1)
    await shop.post("orders/big-1/approval", {"decision": "approved", "approver": "ann"})
    await shop.host.run_until_idle()
    await shop.post("orders", order_request(order_id="newer"))
    await shop.host.run_until_idle()
    report = await reconcile_changed(client, now + timedelta(hours=5), lambda: True)
    assert "backordered" in [drift.kind for drift in report.drift]
    assert services().inventory_notes.changed(now + timedelta(hours=4)) == []
