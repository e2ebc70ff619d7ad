"""Reports have every order of the period, their webhooks are delivered, and no link outlives its answer."""

import asyncio
import csv
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from adapters.stores import reports as reports_adapter
from domain.orders.order import OrderProgress, OrderStatus
from services.container import services
from tests.support.files import without_blobs
from tests.support.orders import NOON, placed_order
from tests.support.shop import Shop, give_up_storage_at_once, running_shop, use_settings
from tests.support.webhooks import SECRET, Receiver

DAY = timedelta(days=1)


def enter(order_id: str, placed_at: datetime = NOON, status: OrderStatus | None = None, **changes: Any) -> None:
    services().order_repository.accept(placed_order(order_id, placed_at=placed_at, **changes), fingerprint="f")
    if status is not None:
        services().order_repository.record(OrderProgress(order_id=order_id, status=status, message="so it is"))


def body(**changes: Any) -> dict[str, Any]:
    return {"id": "r-1", "placed_from": NOON.isoformat(), "placed_to": (NOON + DAY).isoformat(), **changes}


async def ended(shop: Shop) -> dict[str, Any]:
    await shop.host.run_until_idle()
    for _ in range(12):
        answer = await shop.get("reports/r-1")
        if answer.status == 200:
            return dict(answer.json())
        await shop.host.advance(minutes=5)
    raise AssertionError("still running after an hour")


async def report(shop: Shop, **changes: Any) -> dict[str, Any]:
    answer = await shop.post("reports", body(**changes))
    assert (answer.status, "Retry-After" in answer.headers) == (202, True), answer.text
    return await ended(shop)


async def download(run: dict[str, Any]) -> requests.Response:
    return await asyncio.to_thread(requests.get, run["detail"]["url"], timeout=60)


async def test_a_csv_report_has_a_line_per_order_of_the_period(shop: Shop):
    enter("before", NOON - timedelta(seconds=1))
    enter("first", NOON, OrderStatus.COMPLETED)
    enter("last", NOON + DAY - timedelta(seconds=1))
    enter("after", NOON + DAY)
    run = await report(shop)
    assert [(entry["step"], entry["outcome"]) for entry in run["steps"]] == [
        ("fetch_report_data", "done"),
        ("generate_report_document", "done"),
    ]
    document = await download(run)
    lines = list(csv.DictReader(document.content.decode().splitlines()))
    assert [(line["order_id"], line["status"], line["total_cents"]) for line in lines] == [
        ("last", "accepted", "2000"),
        ("first", "completed", "2000"),
    ]
    assert document.headers["Content-Disposition"] == 'attachment; filename="r-1.csv"'


async def test_an_html_report_adds_up_and_draws_what_was_sold(shop: Shop):
    enter("a", NOON, OrderStatus.COMPLETED)
    enter("b", NOON + timedelta(hours=13), OrderStatus.COMPLETED)
    enter("c", NOON, OrderStatus.REJECTED)
    text = (await download(await report(shop, format="html"))).text
    assert "Sales of completed orders: 40.00 USD." in text
    bars = re.findall(r'<th scope="row">([^<]+)</th>.*<rect width="([\d.]+)%"', text)
    assert bars == [
        ("completed", "100.0"),
        ("rejected", "50.0"),
        ("2026-03-01", "100.0"),
        ("2026-03-02", "50.0"),
        ("2026-03-01", "100.0"),
        ("2026-03-02", "100.0"),
    ]


@pytest.mark.parametrize("form", ["csv", "html"])
async def test_a_period_without_orders_is_an_empty_report(shop: Shop, form: str):
    run = await report(shop, format=form)
    assert (run["status"], run["detail"]["orders"]) == ("completed", 0)
    assert (await download(run)).status_code == 200


async def test_orders_of_many_parts_are_all_in_the_report_and_none_in_the_history(shop: Shop, monkeypatch):
    monkeypatch.setattr(reports_adapter, "_PART_ROWS", 4)
    for number in range(9):
        enter(f"o-{number}")
    run = await report(shop)
    lines = (await download(run)).text.splitlines()
    assert [line.partition(",")[0] for line in lines[1:]] == [f"o-{number}" for number in range(9)]
    status = await shop.host.operations.status("report.r-1", with_history=True)
    assert "o-5" not in str(status.history)


async def test_the_link_is_made_for_each_answer_and_stands_in_no_history(shop: Shop):
    run = await report(shop)
    assert datetime.fromisoformat(run["detail"]["url_expires_at"]) > datetime.fromisoformat(run["createdTime"])
    status = await shop.host.operations.status("report.r-1", with_history=True)
    assert "sig=" not in str(status)


async def test_the_same_request_again_is_the_same_report_and_another_one_is_refused(shop: Shop):
    await report(shop)
    assert (await shop.post("reports", body())).status == 202
    other = await shop.post("reports", body(format="html"))
    assert (other.status, other.json()["code"]) == (409, "id_taken")


@pytest.mark.parametrize(
    ("placed_to", "rule"), [(NOON, "period"), (NOON + 367 * DAY, "period"), ("yesterday", "datetime_form")]
)
async def test_a_period_that_is_none_is_named(shop: Shop, placed_to, rule):
    answer = await shop.post("reports", body(placed_to=str(placed_to)))
    assert answer.status == 422
    assert [(error["field"], error["rule"]) for error in answer.json()["errors"]] == [("placed_to", rule)]


@pytest.fixture
async def calling_shop(monkeypatch, storage_connection, sandbox):
    use_settings(monkeypatch, storage_connection, sandbox, WEBHOOK_SECRET=SECRET, CALLBACK_ALLOW_LOOPBACK="true")
    async with running_shop(sandbox) as running:
        yield running


async def test_a_webhook_is_signed_and_has_no_link(calling_shop: Shop, receiver: Receiver):
    run = await report(calling_shop, callback_url=receiver.url)
    (message,) = receiver.verified()
    assert (message["type"], message["data"]["id"], message["data"]["status"]) == (
        "report.completed",
        "r-1",
        "completed",
    )
    assert "url" not in message["data"]["detail"]
    assert "url" in run["detail"]


async def test_a_report_is_ready_while_its_webhook_is_tried_and_dead_lettered_when_it_cannot_be_delivered(
    calling_shop: Shop, receiver: Receiver
):
    receiver.answers += [503] * 100
    run = await report(calling_shop, callback_url=receiver.url)
    assert (run["status"], run["runtimeStatus"]) == ("completed", "Running")
    assert (await download(run)).status_code == 200
    for _ in range(24):
        await calling_shop.host.advance(minutes=30)
    assert (await ended(calling_shop))["runtimeStatus"] == "Completed"
    assert [dead_letter.step for dead_letter in services().dead_letters.list().items] == ["deliver_webhook"]


async def test_an_address_that_may_not_be_called_is_refused_before_anything_starts(shop: Shop):
    answer = await shop.post("reports", body(callback_url="https://169.254.169.254/latest"))
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "callback_url")
    assert (await shop.get("reports/r-1")).status == 404


async def test_a_store_that_comes_back_gets_the_report_done(monkeypatch, storage_connection, sandbox):
    gone = without_blobs(storage_connection)
    use_settings(monkeypatch, storage_connection, sandbox, SHOP_STORAGE=gone)
    async with running_shop(sandbox) as shop:
        assert (await shop.post("reports", body())).status == 202
        await shop.host.run_until_idle()
        assert (await shop.get("reports/r-1")).status == 202
        use_settings(monkeypatch, storage_connection, sandbox)
        assert (await ended(shop))["status"] == "completed"


async def test_a_store_that_stays_away_ends_the_report_as_failed(monkeypatch, storage_connection, sandbox):
    gone = without_blobs(storage_connection)
    use_settings(monkeypatch, storage_connection, sandbox, SHOP_STORAGE=gone)
    give_up_storage_at_once(monkeypatch)
    async with running_shop(sandbox) as shop:
        run = await report(shop)
        assert (run["status"], run["reason_code"], run["detail"].get("url")) == ("failed", "no_answer", None)
