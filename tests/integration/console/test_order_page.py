"""An order in the console: what its page shows, and what each role can do from it."""

import re
from typing import Any

import azure.functions as func
import pytest

from console.web.serving import serve
from local_host.testing import Answer
from tests.integration.console.pages import APPROVER, OPERATOR, send, visit
from tests.support.order_requests import order_request
from tests.support.shop import Shop

ALL = "approver,operator"
NO_CLIENT: Any = None
MARKUP = "<img src=x onerror=alert(1)>"


def buttons(page: Answer) -> set[str]:
    return set(re.findall(r"<button[^>]*>([^<]+)</button>", page.text))


def has_text(page: Answer, *texts: str) -> bool:
    return [text for text in texts if text not in re.sub(r"<[^>]+>", "", page.text)] == []


@pytest.fixture
async def large(shop: Shop) -> Shop:
    """Return a shop whose order `o-1` waits for an approval."""
    await shop.stock("piano", 5, unit_price_cents=600_000)
    lines = [{"product_id": "piano", "quantity": 1}]
    assert (await shop.post("orders", order_request(order_id="o-1", lines=lines))).status == 202
    await shop.host.run_until_idle()
    return shop


@pytest.fixture
async def stuck(shop: Shop) -> Shop:
    """Return a shop whose order `o-1` needs attention: its payment could not be given back."""
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse")
    shop.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    await shop.post("orders", order_request(order_id="o-1"))
    await shop.host.advance(hours=8)
    return shop


async def test_a_completed_order_shows_goods_money_parcel_and_course(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="o-1"))
    await shop.host.run_until_idle()
    order = (await shop.get("orders/o-1")).json()
    page = await visit(shop, "orders/o-1", roles=ALL)
    assert page.status == 200
    assert has_text(page, "completed", "20.00 USD", "Ada Lovelace", order["payment"]["payment_id"], "capture payment")
    assert f'href="{order["parcel"]["tracking_url"]}"' in page.text
    assert buttons(page) == {"Send the mail again"}


async def test_an_order_that_is_not_known_is_not_found(shop: Shop):
    page = await visit(shop, "orders/none", roles=ALL)
    assert (page.status, has_text(page, "There is no order with this id.")) == (404, True)


async def test_an_approver_decides_and_a_second_one_reads_that_it_is_too_late(large: Shop):
    page = await visit(large, "orders/o-1", roles=APPROVER)
    assert buttons(page) == {"Approve", "Reject"}
    assert has_text(page, "awaiting approval", "An approver decides.")
    first = await send(large, "orders/o-1/decide", roles=APPROVER, decision="approved", comment="fine")
    assert (first.status, first.headers["Location"]) == (303, "/console/orders/o-1?done=decide")
    second = await send(large, "orders/o-1/decide", roles=APPROVER, who="hedy", decision="rejected")
    assert (second.status, has_text(second, "Another change came first")) == (409, True)
    await large.host.run_until_idle()
    order = (await large.get("orders/o-1")).json()
    assert (order["status"], order["approval"]["approver"]) == ("completed", "grace")


async def test_an_operator_cancels_with_a_reason(large: Shop):
    assert buttons(await visit(large, "orders/o-1", roles=OPERATOR)) == {"Cancel this order"}
    answer = await send(large, "orders/o-1/cancel", roles=OPERATOR, reason=MARKUP)
    assert answer.status == 303
    await large.host.run_until_idle()
    page = await visit(large, "orders/o-1", roles=OPERATOR)
    assert has_text(page, "cancelled", "Cancelled by grace")
    assert MARKUP not in page.text
    late = await send(large, "orders/o-1/cancel", roles=OPERATOR)
    assert (late.status, 'href="/console/orders/o-1"' in late.text) == (409, True)


async def test_an_operator_settles_what_is_open(stuck: Shop):
    page = await visit(stuck, "orders/o-1", roles=ALL)
    assert has_text(page, "needs attention", "An operator has to settle what is open.", "cancel payment: open")
    assert buttons(page) == {"Settle this order"}
    stuck.sandbox.clear_faults()
    assert (await send(stuck, "orders/o-1/settle", roles=OPERATOR)).status == 303
    await stuck.host.advance(minutes=5)
    assert has_text(await visit(stuck, "orders/o-1", roles=ALL), "failed", "cancel payment: replayed")
    again = await send(stuck, "orders/o-1/settle", roles=OPERATOR)
    assert (again.status, has_text(again, "nothing of it is open")) == (409, True)


async def test_a_step_that_is_tried_again_says_when_and_why(shop: Shop):
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    await shop.post("orders", order_request(order_id="o-1"))
    await shop.host.run_until_idle()
    page = await visit(shop, "orders/o-1", roles=ALL)
    assert has_text(page, "create shipment under way", "Last error:", "Next attempt:", "is tried again by itself")


async def test_an_order_whose_instance_failed_is_started_again_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    await shop.post("orders", order_request(order_id="o-1"))
    await shop.host.run_until_idle()
    shop.host.kill_worker(during="episode")
    await shop.host.advance(minutes=1)
    shop.sandbox.clear_faults()
    assert "Start the order again" in buttons(await visit(shop, "orders/o-1", roles=OPERATOR))
    assert (await send(shop, "orders/o-1/start_again", roles=OPERATOR)).status == 303
    await shop.host.run_until_idle()
    assert (await shop.get("orders/o-1")).json()["status"] == "completed"
    again = await send(shop, "orders/o-1/start_again", roles=OPERATOR)
    assert (again.status, has_text(again, "It has ended.")) == (409, True)


async def test_an_auditor_reads_and_can_do_nothing(large: Shop):
    assert buttons(await visit(large, "orders/o-1", roles="auditor")) == set()
    for path in ("decide", "cancel", "settle", "start_again", "resend_mail"):
        answer = await send(large, f"orders/o-1/{path}", roles="auditor", decision="approved")
        assert (answer.status, has_text(answer, "This needs the role")) == (403, True), path


async def test_a_storefront_has_no_console(large: Shop):
    assert (await visit(large, "orders", roles="storefront")).status == 403
    assert (await send(large, "orders/o-1/cancel", roles="storefront")).status == 403


async def test_a_page_of_another_site_cannot_act_in_a_persons_name(large: Shop):
    # Straight to the console: the local host refuses such a request before it.
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}
    address, parameters = f"{large.host.origin}/console/orders/o-1/cancel", {"path": "orders/o-1/cancel"}
    request = func.HttpRequest("POST", address, headers=headers, route_params=parameters, body=b"")
    answer = await serve("POST", request, NO_CLIENT)
    assert (answer.status_code, b"A page of another site may not do this" in answer.get_body()) == (403, True)
