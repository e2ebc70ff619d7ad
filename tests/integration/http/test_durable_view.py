"""`?view=durable`: what clients of Durable Functions read, held against what the real extension answered in its place."""

import json
from typing import Any

import pytest

from tests.support.order_requests import order_request
from tests.support.shop import ROOT, Shop

RECORDINGS = ROOT / "packages/durable-local-host/tests/local_host_tests/real_host/recordings"
# The extension answers with the version that an orchestrator was started under; ours have none.
NOT_SHOWN = {"version"}


def recorded(case: str, answer: str) -> dict[str, Any]:
    return dict(json.loads((RECORDINGS / f"{case}.json").read_text(encoding="utf-8"))["client"][answer])


async def waiting(shop: Shop) -> None:
    await shop.stock("piano", 2, unit_price_cents=500_000)
    lines = [{"product_id": "piano", "quantity": 1}]
    assert (await shop.post("orders", order_request(order_id="a-1", lines=lines))).status == 202
    await shop.host.run_until_idle()


async def ended(shop: Shop) -> None:
    await waiting(shop)
    await shop.post("orders/a-1/approval", {"decision": "approved", "approver": "ann"})
    await shop.host.run_until_idle()


@pytest.mark.parametrize(
    ("case", "answer", "until"),
    [("status-of-each", "running", waiting), ("status-variants", "history false, output true, input true", ended)],
)
async def test_an_order_is_shown_with_the_keys_and_headers_of_the_extensions_own_answer(
    shop: Shop, case: str, answer: str, until: Any
):
    await until(shop)
    real = recorded(case, answer)
    shown = await shop.get("orders/a-1", view="durable")
    assert shown.status == real["status"]
    assert set(shown.json()) == set(real["body"]) - NOT_SHOWN
    assert shown.json()["runtimeStatus"] == real["body"]["runtimeStatus"]
    assert (shown.json()["output"] is None) == (real["body"]["output"] is None)
    assert {"location", "retry-after"} & {name.lower() for name in shown.headers} == set(real["headers"]) - {
        "content-type"
    }


async def test_a_client_that_polls_stays_in_its_view(shop: Shop):
    await waiting(shop)
    for params, location in (({}, "orders/a-1"), ({"view": "durable"}, "orders/a-1?view=durable")):
        shown = await shop.get("orders/a-1", **params)
        assert shown.headers["Location"] == f"{shop.host.origin}/api/{location}"


async def test_the_ledger_is_shown_once(shop: Shop):
    await waiting(shop)
    running = await shop.get("orders/a-1", view="durable")
    assert running.text.count('"reserve_inventory"') == 1
    assert running.json()["customStatus"]["steps"]
    await shop.post("orders/a-1/approval", {"decision": "approved", "approver": "ann"})
    await shop.host.run_until_idle()
    shown = await shop.get("orders/a-1", view="durable")
    assert shown.text.count('"reserve_inventory"') == shown.text.count('"capture_payment"') == 1
    assert shown.json()["output"]["steps"][0]["step"] == "reserve_inventory"
    assert shown.json()["customStatus"]["status"] == "completed"
    assert shown.json()["input"]["lines"][0]["product_id"] == "piano"


async def test_its_times_are_those_of_the_document(shop: Shop):
    await ended(shop)
    document, durable = (await shop.get("orders/a-1")).json(), (await shop.get("orders/a-1", view="durable")).json()
    for name in ("createdTime", "lastUpdatedTime", "runtimeStatus", "instanceId"):
        assert durable[name] == document[name]


async def test_another_view_is_a_422(shop: Shop):
    await ended(shop)
    refused = await shop.get("orders/a-1", view="sideways")
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "view")
