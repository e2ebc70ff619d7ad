import json

import pytest

from sandbox.testing import Sandbox
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop, change_settings, running_shop


async def test_a_healthy_app_answers_200(shop: Shop):
    healthy = await shop.get("health")
    checks = {"settings": "ok", "storage": "ok", "hub": "ok", "stock": "ok"}
    intake = {"state": "open", "late_orders": 0, "oldest_wait_s": None}
    assert (healthy.status, healthy.json()) == (200, {"status": "ok", "checks": checks, "intake": intake})


async def test_a_missing_setting_is_a_503_and_is_named_in_the_log_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    change_settings(monkeypatch, STRIPE_API_KEY=None)
    broken = await shop.get("health")
    assert broken.status == 503
    assert (broken.json()["status"], set(broken.json()["checks"].values())) == ("failed", {"failed"})
    alive = await shop.get("health", probe="live")
    assert (alive.status, alive.json()) == (200, {"status": "ok", "checks": None, "intake": None})
    assert "STRIPE_API_KEY" in caplog.text


async def test_storage_that_does_not_answer_is_a_503_without_secrets(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    unreachable = "TableEndpoint=http://127.0.0.1:1/a;"
    change_settings(
        monkeypatch, SHOP_STORAGE=f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;{unreachable}"
    )
    broken = await shop.get("health")
    checks = {"settings": "ok", "storage": "failed", "hub": "ok", "stock": "failed"}
    assert (broken.status, broken.json()["checks"]) == (503, checks)
    said = json.dumps(broken.json())
    assert "c2VjcmV0" not in said
    assert ADDRESS["name"] not in said


async def test_a_hub_in_place_of_the_one_that_orders_were_processed_in_is_noticed(
    shop: Shop, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    await shop.host.run_until_idle()
    assert (await shop.get("health")).status == 200
    change_settings(monkeypatch)  # a process of its own
    async with running_shop(sandbox) as replaced:  # on the same storage, with an empty hub
        sick = await replaced.get("health")
        assert (sick.status, sick.json()["checks"]["stock"]) == (503, "failed")
        assert "no stock is stored of mug" in caplog.text
        report = (await replaced.get("reconciliation")).json()
        assert [(drift["product_id"], drift["kind"]) for drift in report["drift"]] == [("mug", "stock_missing")]
        await replaced.host.run("reconcile_inventory")
        assert '"kind":"stock_missing"' in caplog.text
        await replaced.post("inventory/mug/restock", {"quantity": 9})
        await replaced.host.run_until_idle()
        assert (await replaced.get("health")).status == 200, "counted again, the stock is known"


async def test_a_flood_of_questions_is_no_flood_of_writes(shop: Shop):
    before = shop.host.entity_runs.total()
    for _ in range(20):
        assert (await shop.get("health")).status == 200
    await shop.host.run_until_idle()
    assert shop.host.entity_runs.total() - before == 1
