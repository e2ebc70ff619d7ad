"""What an order's page shows of what belongs to it: mails, related runs, the carrier's dashboard."""

import re

import pytest

from local_host.testing import Answer
from tests.integration.console.pages import APPROVER, OPERATOR, send, visit
from tests.integration.console.test_order_page import has_text
from tests.support.expenses import ANN, BOB, deliver_all
from tests.support.mails import Mailbox
from tests.support.order_requests import order_request
from tests.support.shop import Shop, change_settings


def mails_on(page: Answer) -> list[str]:
    section = page.text.partition('<h2 id="mails">')[2].partition("</section>")[0]
    return [re.sub(r"<[^>]+>|, asked for .*?</time>", "", each) for each in re.findall(r"<li>(.*?)</li>", section)]


async def test_the_mails_to_approvers_and_customer_are_shown_with_their_state(desk: Shop):
    await desk.stock("piano", 3, unit_price_cents=500_000)
    await desk.post("orders", order_request(order_id="o-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await desk.host.run_until_idle()
    asked = f"approval requested to {ANN}"
    assert mails_on(await visit(desk, "orders/o-1", roles=APPROVER)) == [f"{asked}: not sent yet"]
    await desk.host.advance(hours=9)
    await deliver_all(desk)
    await send(desk, "orders/o-1/decide", roles=APPROVER, decision="rejected")
    await desk.host.run_until_idle()
    reminded = [f"approval reminder to {each}: sent" for each in (ANN, BOB)]
    known = [f"{asked}: sent", f"approval escalated to {BOB}: sent", *reminded]
    page = await visit(desk, "orders/o-1", roles=OPERATOR)
    assert mails_on(page) == [*known, "order rejected to the customer: not sent yet"]


async def test_after_a_resend_both_mails_are_shown(desk: Shop, mailbox: Mailbox):
    await desk.stock("mug", 9)
    mailbox.refuse("550 no")
    await desk.post("orders", order_request(order_id="o-1"))
    await desk.host.run_until_idle()
    await deliver_all(desk)
    mailbox.refuse(None)
    assert (await send(desk, "orders/o-1/resend_mail", roles=OPERATOR)).status == 303
    first, again = (f"order completed to the customer{each}" for each in (": dead-lettered", ", once more"))
    page = await visit(desk, "orders/o-1", roles=OPERATOR)
    assert mails_on(page) == [first, f"{again}: not sent yet"]
    assert 'href="/console/dead-letters/mail.o-1.order_completed"' in page.text
    await deliver_all(desk)
    both = ["order completed to the customer: sent", f"{again}: sent"]
    assert mails_on(await visit(desk, "orders/o-1", roles=OPERATOR)) == both


async def test_the_checkout_and_the_watch_of_the_parcel_are_linked_for_those_who_read_runs(shop: Shop):
    await shop.stock("mug", 9)
    await shop.post("carts/ada/items", {"product_id": "mug", "quantity": 1})
    await shop.host.run_until_idle()
    checkout = {name: order_request()[name] for name in ("payment", "ship_to", "email")}
    answer = await shop.post("carts/ada/checkout", checkout)
    assert answer.status == 202, answer.text
    order_id = answer.json()["id"]
    await shop.host.run_until_idle()
    assert (await shop.post(f"shipments/{order_id}/watch")).status == 202
    page = await visit(shop, f"orders/{order_id}", roles=OPERATOR)
    for workflow in ("checkout_cart", "shipment_tracking"):
        assert f'href="/console/workflows/{workflow}/{order_id}"' in page.text
        assert (await visit(shop, f"workflows/{workflow}/{order_id}", roles=OPERATOR)).status == 200
    page = await visit(shop, f"orders/{order_id}", roles=APPROVER)
    assert (has_text(page, "checkout cart", "shipment tracking"), "/console/workflows/" in page.text) == (True, False)


async def test_a_replayed_dead_letter_is_a_related_run(shop: Shop):
    await shop.stock("mug", 9)
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse")
    shop.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    await shop.post("orders", order_request(order_id="o-1"))
    await shop.host.advance(hours=8)
    assert "Related runs" not in (await visit(shop, "orders/o-1", roles=OPERATOR)).text
    await send(shop, "orders/o-1/settle", roles=OPERATOR)
    assert has_text(await visit(shop, "orders/o-1", roles=OPERATOR), "replay of cancel payment, number 1")


@pytest.mark.parametrize(("key", "is_linked"), [("EZTK_1", True), ("EZAK_1", True), ("other", False)])
async def test_a_shipment_leads_to_the_carriers_dashboard_unless_a_stand_in_has_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, key: str, is_linked: bool
):
    await shop.stock("mug", 9)
    await shop.post("orders", order_request(order_id="o-1"))
    await shop.host.run_until_idle()
    link = 'href="https://www.easypost.com/account/shipments"'
    assert link not in (await visit(shop, "orders/o-1", roles=OPERATOR)).text
    change_settings(monkeypatch, EASYPOST_API_BASE=None, EASYPOST_API_KEY=key)
    assert (link in (await visit(shop, "orders/o-1", roles=OPERATOR)).text) is is_linked
