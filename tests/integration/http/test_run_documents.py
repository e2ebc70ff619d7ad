"""The document of a run, as its pollers read it: what was asked for, where it stands, its ledger once, and where to go next."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from tests.invariants.worker_deaths import recover_at_once
from tests.support.files import put_files
from tests.support.mails import Mailbox
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.webhooks import SECRET

USER = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "country": "US",
    "postal_code": "94107",
    "birth_date": "1990-12-10",
    "accepts_terms": True,
}
LINES = [{"product_id": "mug", "quantity": 1}]
PERIOD = {"placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z", "format": "csv"}
ITEM = {"category": "meals", "amount_cents": 1_450, "currency": "usd", "spent_on": "2026-03-01"}
CLAIM = {"employee_id": "ada", "email": "ada@example.com", "items": [ITEM]}


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch, storage_connection, sandbox, mailbox: Mailbox) -> AsyncIterator[Shop]:
    """Yield a shop in which every workflow can run."""
    limits = json.dumps({"usd": {"meals": 10_000}})
    settings = {"APPROVER_EMAILS": "ann@example.com", "EXPENSE_LIMITS": limits, "LINK_SECRET": "only for tests"}
    settings |= {"WEBHOOK_SECRET": SECRET, "CALLBACK_ALLOW_LOOPBACK": "true"}
    use_settings(monkeypatch, storage_connection, sandbox, SMTP_URL=mailbox.url, **settings)
    async with running_shop(sandbox) as running:
        await running.stock("mug", 10)
        put_files("incoming", {"a.csv": b"a\n"})
        yield running


async def start(shop: Shop, path: str, body: Any = None, **options: Any) -> str:
    """Return the path of a run that was started, and has gone on as far as it can."""
    started = await shop.post(path, body, **options)
    assert started.status == 202, started.text
    await shop.host.run_until_idle()
    return str(started.headers["Location"]).removeprefix(f"{shop.host.origin}/api/")


async def check_out(shop: Shop) -> str:
    await shop.post("carts/ada/items", {"product_id": "mug", "quantity": 1, "key": "k"})
    await shop.host.run_until_idle()
    return await start(
        shop, "carts/ada/checkout", {name: order_request()[name] for name in ("payment", "ship_to", "email")}
    )


async def track(shop: Shop) -> str:
    await start(shop, "orders", order_request(order_id="a-1"))
    await shop.post("shipments/a-1/watch")
    await shop.host.run_until_idle()
    return "shipments/a-1"


async def order_batch(shop: Shop) -> str:
    lines = json.dumps(order_request(order_id="b-1"))
    return await start(shop, "orders/batch", data=lines, headers={"Content-Type": "application/x-ndjson"})


async def claim(shop: Shop) -> str:
    return await start(shop, "expenses", CLAIM)


async def report(shop: Shop) -> str:
    return await start(shop, "reports", PERIOD)


async def restock(shop: Shop) -> str:
    return await start(shop, "restocks", {"lines": LINES})


async def onboard(shop: Shop) -> str:
    return await start(shop, "onboarding", USER)


async def file_batch(shop: Shop) -> str:
    return await start(shop, "file-batches", {"container": "incoming", "prefix": ""})


ALL = [
    pytest.param(report, {"placed_from": PERIOD["placed_from"], "format": "csv"}, set(), id="report"),
    pytest.param(restock, {"lines": LINES}, set(), id="restock"),
    pytest.param(onboard, {"name": "Ada Lovelace", "email": "ada@example.com"}, set(), id="onboarding"),
    pytest.param(claim, {"employee_id": "ada", "email": "ada@example.com"}, {"withdrawal"}, id="expenses"),
    pytest.param(check_out, {"customer_id": "ada", "email": "ada@example.com"}, {"order"}, id="checkout"),
    pytest.param(file_batch, {"container": "incoming", "prefix": ""}, set(), id="file batch"),
    pytest.param(order_batch, {"lines": 1, "rejected": 0}, {"results"}, id="order batch"),
    pytest.param(track, {"order_id": "a-1"}, {"order"}, id="shipment"),
]


@pytest.mark.parametrize(("begin", "asked", "links"), ALL)
async def test_it_says_what_was_asked_for_where_it_stands_and_where_to_go(desk: Shop, begin, asked, links):
    path = await begin(desk)
    answer = await desk.get(path)
    run = answer.json()
    assert {name: run["request"][name] for name in asked} == asked
    assert (answer.status == 202) == (run["status"] == "running")
    assert run["dead_letters"] == []
    further = {name for name, address in run["links"].items() if address} - {"self", "durable"}
    assert further == links
    assert run["links"]["self"] == f"{desk.host.origin}/api/{path}"
    for name in {"order", "results"} & links:
        shown = await desk.get(run["links"][name].removeprefix(f"{desk.host.origin}/api/"))
        assert shown.status in (200, 202)
    assert run["lastUpdatedTime"] == run["updated_at"]
    assert datetime.fromisoformat(run["createdTime"]) <= datetime.fromisoformat(run["updated_at"])


@pytest.mark.parametrize(("begin", "asked", "links"), ALL)
async def test_its_ledger_is_shown_once_in_either_view(desk: Shop, begin, asked, links):
    path = await begin(desk)
    document = await desk.get(path)
    durable = await desk.get(path, view="durable")
    assert durable.status == document.status
    assert len(document.json()["steps"]) == document.text.count('"outcome"')
    assert durable.text.count('"outcome"') == document.text.count('"outcome"')
    ended = durable.json()["output"]
    assert (ended is None) == (document.status == 202)
    assert (ended or durable.json()["customStatus"])["steps"] == document.json()["steps"]
    if document.status == 202:
        assert durable.headers["Location"] == f"{desk.host.origin}/api/{path}?view=durable"


async def test_neither_a_payment_method_nor_a_webhooks_address_is_shown(desk: Shop):
    body = {**PERIOD, "callback_url": "http://127.0.0.1:1/?sig=secret-of-the-caller"}
    for path in (await check_out(desk), await start(desk, "reports", body)):
        for params in ({}, {"view": "durable"}):
            text = (await desk.get(path, **params)).text
            assert "pm_card" not in text
            assert "secret-of-the-caller" not in text


async def test_a_running_batch_names_the_address_of_its_cancellation(desk: Shop):
    desk.host.fail_activity("list_files", attempt=1, error=OSError("no storage"))  # it waits to list them again
    assert (await desk.post("file-batches", {"id": "fb-1", "container": "incoming", "prefix": ""})).status == 202
    shown = (await desk.get("file-batches/fb-1")).json()
    assert shown["links"]["cancellation"] == f"{desk.host.origin}/api/file-batches/fb-1/cancellation"
    assert shown["request"]["container"] == "incoming"


async def test_a_run_that_needs_attention_names_its_dead_letters_and_its_settlement(desk: Shop, monkeypatch):
    recover_at_once(monkeypatch)
    path = await claim(desk)
    before = (await desk.get(path)).json()
    await desk.host.operations.terminate(before["instanceId"], "by an operator")
    await desk.host.run_until_idle()
    await desk.host.run("recover_runs")
    stopped = (await desk.get(path)).json()
    assert (stopped["status"], stopped["request"]) == ("needs_attention", before["request"])
    (letter,) = stopped["dead_letters"]
    assert (await desk.get(letter["links"]["self"].removeprefix(f"{desk.host.origin}/api/"))).status == 200
    settlement = stopped["links"]["settlement"].removeprefix(f"{desk.host.origin}/api/")
    assert (await desk.post(settlement)).status == 202
    await desk.host.run_until_idle()
    assert (await desk.get(path)).json()["dead_letters"] == []
