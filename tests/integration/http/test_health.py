import asyncio
import json
from typing import Any

import pytest

from adapters.stores.order_index import partition_of
from domain.errors import ShopError
from sandbox.testing import Sandbox
from services.container import services
from services.recent_checks import FAILURE_RETENTION_S, RETENTION_S, RecentChecks
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop, change_settings, running_shop
from tests.support.stock import break_stock


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
        change_settings(monkeypatch)  # what has failed is kept for a moment
        assert (await replaced.get("health")).status == 200, "counted again, the stock is known"


async def test_one_stock_and_one_order_that_cannot_be_read_close_no_shop(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    for product_id in ("beans", "mug"):
        await shop.stock(product_id, 10)
    for order_id, product_id in (("a-1", "beans"), ("a-2", "mug"), ("broken", "mug")):
        lines = [{"product_id": product_id, "quantity": 1}]
        await shop.post("orders", order_request(order_id=order_id, lines=lines))
    await shop.host.run_until_idle()
    orders = services().storage.table("orders")
    orders.upsert_entity({"PartitionKey": partition_of("broken"), "RowKey": "broken", "order": "{"})
    break_stock(monkeypatch, "beans")
    change_settings(monkeypatch)
    assert (await shop.get("health")).status == 200
    assert "the stock of beans cannot be read" in caplog.text
    assert "broken cannot be read" in caplog.text
    report = await shop.get("reconciliation")
    assert (report.status, report.json()["drift"], report.json()["is_complete"]) == (200, [], False)


async def test_a_flood_of_questions_is_no_flood_of_reads_and_writes(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services().recent_checks, "_clock", lambda: 1.0)
    before = shop.host.entity_runs.total()
    reads: list[str] = []
    read = services().order_repository.get

    def get(order_id: str) -> Any:
        reads.append(order_id)
        return read(order_id)

    monkeypatch.setattr(services().order_repository, "get", get)
    answers = await asyncio.gather(*(shop.get("health") for _ in range(20)))
    assert {each.status for each in answers} == {200}
    await shop.host.run_until_idle()
    assert (shop.host.entity_runs.total() - before, len(reads)) == (1, 1)


async def test_one_check_is_under_way_at_a_time_and_a_failure_is_soon_tried_again():
    now, results = [0.0], [False, False, True, True]

    async def check() -> None:
        await asyncio.sleep(0)
        if not results.pop(0):
            raise ShopError("away")

    checks = RecentChecks(lambda: now[0])
    for at, succeeds, left in (
        (0, False, 3),
        (FAILURE_RETENTION_S, False, 2),
        (2 * FAILURE_RETENTION_S, True, 1),
        (2 * FAILURE_RETENTION_S + RETENTION_S - 1, True, 1),
        (2 * FAILURE_RETENTION_S + RETENTION_S, True, 0),
    ):
        now[0] = at
        assert await asyncio.gather(*(checks.succeeds("x", check) for _ in range(20))) == [succeeds] * 20
        assert len(results) == left
