"""While an order is under way, its resource and the lists say where it stands and what is being tried: seen over HTTP."""

import logging
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from services.recovery import runs
from tests.support.books import finish
from tests.support.order_requests import order_request
from tests.support.shop import Shop
from tests.support.storage_requests import SentRequests
from tests.support.unreliable import failing

DOWN = {"kind": "status", "status": 503}
SILENT_PAYMENTS = "the payment provider did not answer (503)"
STAGES = [
    ("payment_intents.create", "authorise_payment", "reserved"),
    ("payment_intents.confirm", "authorise_payment", "reserved"),
    ("shipments.create", "create_shipment", "authorised"),
    ("shipments.buy", "buy_label", "authorised"),
    ("payment_intents.capture", "capture_payment", "shipping_booked"),
]
WRITES = 4
"""Of an order but for its progress: accepted, settled, ended, and its reminder deleted."""

UNDER_WAY = ("accepted", "reserved", "authorised", "shipping_booked")


async def placed(shop: Shop) -> None:
    """Place an order, and let it go on as far as it can at once."""
    await shop.stock("mug", 100)
    await order(shop)


async def order(shop: Shop) -> None:
    assert (await shop.post("orders", order_request(order_id="o-1"))).status == 202
    await shop.host.run_until_idle()


async def under_way(shop: Shop) -> dict[str, Any]:
    """Return the order with the step that is under way."""
    order: dict[str, Any] = (await shop.get("orders/o-1")).json()
    return order


async def listed(shop: Shop) -> list[str]:
    """Return each status of an order under way under which lists find the order."""
    found = []
    for status in UNDER_WAY:
        orders = (await shop.get("orders", status=status)).json()["orders"]
        assert all(order["status"] == status for order in orders)
        found += [status for _ in orders]
    return found


@pytest.mark.parametrize(("operation", "step", "status"), STAGES)
async def test_a_step_that_is_retried_is_seen_with_its_order_in_the_right_list(
    shop: Shop, operation: str, step: str, status: str
):
    shop.sandbox.fault(operation=operation, **DOWN)
    await placed(shop)
    order = await under_way(shop)
    assert (order["payment"]["state"] == "unknown") is (operation.startswith("payment_intents"))
    first = order["step"]
    assert (first["name"], first["attempt"]) == (step, 1)
    assert "did not answer" in first["last_error"]
    assert await listed(shop) == [status]
    await shop.host.advance(seconds=2)
    second = (await under_way(shop))["step"]
    assert (second["name"], second["attempt"]) == (step, 2)
    assert datetime.fromisoformat(second["next_attempt_at"]) > datetime.fromisoformat(first["next_attempt_at"])
    shop.sandbox.clear_faults()
    await finish(shop)
    end = await under_way(shop)
    assert (end["status"], end.get("step")) == ("completed", None)
    assert await listed(shop) == []


async def test_a_compensation_that_is_retried_is_seen(shop: Shop):
    shop.sandbox.fault(operation="payment_intents.cancel", **DOWN)
    shop.sandbox.fault(operation="shipments.create", kind="refuse")
    await placed(shop)
    order = await under_way(shop)
    assert order["step"]["name"] == "cancel_payment"
    assert order["step"]["last_error"] == SILENT_PAYMENTS
    assert await listed(shop) == ["authorised"]


async def test_every_workflow_shows_the_step_that_it_tries_again(shop: Shop):
    period = {"id": "week", "placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-01-08T00:00:00Z"}
    with failing(shop, "fetch_report_data"):
        await shop.post("reports", period)
        await shop.host.run_until_idle()
        step = (await shop.get("reports/week")).json()["step"]
        assert (step["name"], step["attempt"]) == ("fetch_report_data", 1)
    await shop.host.advance(minutes=1)
    assert (await shop.get("reports/week")).json().get("step") is None


async def test_each_failed_attempt_is_logged_once_with_its_reason(shop: Shop, caplog: pytest.LogCaptureFixture):
    shop.sandbox.fault(operation="shipments.create", next=3, **DOWN)
    await placed(shop)
    await finish(shop)
    lines = [record.message for record in caplog.records if "step.attempt_failed" in record.message]
    assert [re.sub(r".*\"attempt\": (\d+),.*", r"\1", line) for line in lines] == ["1", "2", "3"]
    assert {record.levelno for record in caplog.records if "step.attempt_failed" in record.message} == {logging.WARNING}
    assert all('"workflow": "process_order", "key": "o-1", "step": "create_shipment"' in line for line in lines)


@pytest.mark.parametrize("failures", [0, 1, 4])
async def test_progress_costs_a_write_for_each_failed_attempt_and_one_before_the_last(
    shop: Shop, storage_connection: str, monkeypatch: pytest.MonkeyPatch, failures: int
):
    await shop.stock("mug", 100)
    if failures:
        shop.sandbox.fault(operation="shipments.create", next=failures, **DOWN)
    sent = SentRequests(monkeypatch, storage_connection)
    await order(shop)
    await finish(shop)
    writes = {f"{method} {name}" for method in ("POST", "PATCH", "PUT", "DELETE") for name in ("$batch", "orders")}
    assert sum(count for name, count in sent.taken().items() if name in writes) == WRITES + failures + (failures > 0)
    assert (await under_way(shop))["status"] == "completed"


@pytest.mark.parametrize("restarts", [0, 1])
async def test_an_order_whose_instance_has_failed_says_so_and_when_it_is_started_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, restarts: int
):
    monkeypatch.setattr(runs, "ORPHANED_AFTER", runs.ORPHANED_AFTER * 0)
    shop.sandbox.fault(operation="shipments.create", **DOWN)
    await placed(shop)
    started_at = datetime.now(UTC)
    for _ in range(restarts):
        shop.host.kill_worker(during="episode")
        await shop.host.advance(minutes=1)
        await shop.host.run("recover_runs")
    shop.host.kill_worker(during="episode")
    await shop.host.advance(minutes=1)
    shown = await under_way(shop)
    assert (shown["status"], shown["runtimeStatus"]) == ("authorised", "Pending")
    step = shown["step"]
    assert (step["name"], step["attempt"]) == ("start_again", restarts + 1)
    assert "failed" in step["last_error"]
    assert datetime.fromisoformat(step["next_attempt_at"]) > started_at
    shop.sandbox.clear_faults()


async def test_a_run_whose_instance_has_failed_says_when_it_is_started_again(shop: Shop):
    body = {"id": "r-1", "placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z"}
    with failing(shop, "fetch_report_data"):
        await shop.post("reports", body)
        await shop.host.run_until_idle()
        assert (await shop.get("reports/r-1")).json()["step"]["name"] == "fetch_report_data"
        shop.host.kill_worker(during="episode")
        await shop.host.advance(minutes=1)
        shown = (await shop.get("reports/r-1")).json()
    assert (shown["runtimeStatus"], shown["step"]["name"]) == ("Pending", "start_again")


async def test_of_a_terminated_order_no_step_is_shown_as_under_way(shop: Shop):
    shop.sandbox.fault(operation="shipments.create", **DOWN)
    await placed(shop)
    await shop.host.operations.terminate("o-1")
    await shop.host.run_until_idle()
    assert (await under_way(shop))["step"] is None
