"""Workflows and health in the console."""

import json
import re

import pytest

from domain.orders.batch import CHUNK_LINES
from services.container import services
from tests.integration.console.pages import APPROVER, OPERATOR, send, visit
from tests.integration.console.test_order_page import MARKUP, has_text
from tests.support.order_requests import order_request
from tests.support.shop import Shop, change_settings, give_up_storage_at_once
from tests.support.stock import reserve
from tests.support.unreliable import answering


async def test_open_runs_are_listed_and_each_shows_its_course(shop: Shop):
    assert has_text(await visit(shop, "workflows", roles=OPERATOR), "No run is open.")
    claim = {
        "employee_id": "ada",
        "items": [{"category": "meals", "amount_cents": 1, "currency": "usd", "spent_on": "2026-03-01"}],
    }
    answer = await shop.post("expenses", {"id": "ex-1", "email": "ada@example.com", **claim})
    page = await visit(shop, "workflows", roles="auditor")
    assert (answer.status, has_text(page, "ex-1", "expense approval")) == (202, True), answer.text
    run = await visit(shop, "workflows/expense_approval/ex-1", roles=OPERATOR)
    assert (run.status, has_text(run, "expense approval ex-1", "Course")) == (200, True)
    found = await visit(shop, "workflows", roles=OPERATOR, workflow="expense_approval", id="ex-1")
    assert found.headers["Location"] == "/console/workflows/expense_approval/ex-1"
    assert (await visit(shop, "workflows/expense_approval/none", roles=OPERATOR)).status == 404


async def test_a_batch_is_cancelled_by_an_operator_and_then_listed_as_ended(shop: Shop):
    text = "".join(f"{json.dumps(order_request())}\n" for _ in range(CHUNK_LINES + 1))
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "b-1"}
    with answering(shop, "accept_order_of_many", {"outcome": "unknown", "reason_code": "unavailable"}):
        key = (await shop.post("orders/batch", data=text.encode(), headers=headers)).json()["id"]
        path = f"workflows/order_batch/{key}"
        await shop.host.run_until_idle()
        assert "Cancel this run" not in (await visit(shop, path, roles="auditor")).text
        assert has_text(await visit(shop, path, roles=OPERATOR), "Cancel this run")
        answer = await send(shop, f"{path}/cancel", roles=OPERATOR)
        assert (answer.status, answer.headers["Location"]) == (303, f"/console/{path}?done=cancel")
        assert "Cancel this run" not in (await visit(shop, path, roles=OPERATOR)).text
    await shop.host.advance(minutes=5)
    assert has_text(await visit(shop, path, roles=OPERATOR), f"order batch {key} cancelled")
    services().run_repository.intake.forget(f"order_batch.{key}")  # as the recovery timer does
    ended = await visit(shop, "workflows", roles=OPERATOR, state="ended", workflow="order_batch")
    assert f'href="/console/{path}"' in ended.text
    assert f'href="/console/{path}"' not in (await visit(shop, "workflows", roles=OPERATOR)).text
    other = await visit(shop, "workflows", roles=OPERATOR, state="ended", workflow="report")
    assert has_text(other, "No run that has ended is on this page.")
    for done_or_none in (path, "workflows/report/r-1"):
        assert (await send(shop, f"{done_or_none}/cancel", roles=OPERATOR)).status == 409


async def test_health_shows_checks_and_what_the_books_do_not_agree_on(shop: Shop):
    await shop.stock("mug", 5)
    await shop.post("orders", order_request(order_id="o-1"))
    await shop.host.run_until_idle()
    await shop.post("reconciliation/payments")
    page = await visit(shop, "health", roles=OPERATOR)
    assert has_text(page, "storageok", "task hubok", "New orders", "0 differences", "0 open")
    assert (await visit(shop, "health", roles=APPROVER)).status == 403


async def test_health_shows_queues_providers_and_what_waits_longest(shop: Shop):
    await shop.stock("mug", 9)
    await shop.post("orders", order_request(order_id="o-1"))
    await shop.host.run_until_idle()
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    await shop.post("orders", order_request(order_id="o-2"))
    await shop.host.run_until_idle()
    services().storage.queue("orders-in-poison").create_queue()
    services().storage.queue("orders-in-poison").send_message(MARKUP)
    page = await visit(shop, "health", roles=OPERATOR)
    assert has_text(page, "orders-in0", "orders-in-poison1", "file-manifests-poison0", "New ordernone")
    assert re.search(r"stripe\s*answers\s*Last success [^)]+\(o-2\)", re.sub(r"<[^>]+>", "", page.text))
    assert re.search(
        r"easypost\s*failed last\s*Last success [^)]+\(o-1\).\s*Last failure [^)]+\(o-2\): \S+",
        re.sub(r"<[^>]+>", "", page.text),
    )
    assert MARKUP not in page.text


async def test_depths_of_queues_are_unknown_while_storage_is_away(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, storage_connection: str
):
    change_settings(
        monkeypatch,
        SHOP_STORAGE=re.sub(r"QueueEndpoint=[^;]+", "QueueEndpoint=http://127.0.0.1:1/gone", storage_connection),
    )
    give_up_storage_at_once(monkeypatch)
    assert has_text(await visit(shop, "health", roles=OPERATOR), "orders-inunknown", "orders-in-poisonunknown")


async def test_differences_of_the_inventory_are_compared_on_request(shop: Shop):
    await shop.stock("mug", 9)
    await shop.post("orders", order_request(order_id="o-1"))
    await shop.host.run_until_idle()
    agreeing = await visit(shop, "health/inventory", roles="auditor")
    assert has_text(agreeing, "1 products with 0 open orders, 0 differences", "Inventory and orders agree.")
    await reserve(shop, "mug", "gone", quantity=1)
    page = await visit(shop, "health/inventory", roles="auditor")
    assert has_text(page, "1 differences", "orphaned reservation", "gone")
