"""What waits for one approver in the console: orders that they were asked about, and expense claims with their decision."""

import re

from local_host.testing import Answer
from tests.integration.console.pages import APPROVER, OPERATOR, send, visit
from tests.integration.console.test_order_page import MARKUP, buttons, has_text
from tests.support.expenses import ANN, BOB, claim, ended, hand_in
from tests.support.order_requests import order_request
from tests.support.shop import Shop


def orders_on(page: Answer) -> list[str]:
    return re.findall(r'<td><a href="/console/orders/([^"]+)"', page.text)


async def test_an_approver_sees_first_what_they_were_asked_about_and_all_on_request(desk: Shop):
    await desk.stock("piano", 3, unit_price_cents=500_000)
    await desk.post("orders", order_request(order_id="o-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await desk.host.run_until_idle()
    assert orders_on(await visit(desk, "approvals", roles=APPROVER, who=ANN.upper())) == ["o-1"]
    assert orders_on(await visit(desk, "approvals", roles=APPROVER, who=BOB)) == []
    assert orders_on(await visit(desk, "approvals", roles=APPROVER, who=BOB, whose="all")) == ["o-1"]
    assert orders_on(await visit(desk, "approvals", roles=APPROVER)) == ["o-1"], "grace has no address"
    assert orders_on(await visit(desk, "approvals", roles=OPERATOR, who=BOB)) == ["o-1"]
    await desk.host.advance(hours=9)  # escalated
    assert orders_on(await visit(desk, "approvals", roles=APPROVER, who=BOB)) == ["o-1"]


async def test_a_claim_is_decided_by_the_approver_whose_turn_it_is_and_once(desk: Shop):
    items = [{**claim()["items"][0], "description": MARKUP}]
    await hand_in(desk, items=items)
    page = await visit(desk, "approvals", roles=APPROVER, who=ANN)
    assert has_text(page, "ex-1 of ada", "meals 12.00 USD", f"Asked: {ANN}")
    assert (MARKUP in page.text, "onerror" in page.text) == (False, True)
    assert buttons(page) == {"Approve", "Reject"}
    (wait_id,) = re.findall(r'name="wait_id" value="([^"]+)"', page.text)
    assert "ex-1" not in (await visit(desk, "approvals", roles=APPROVER, who=BOB)).text
    others = await visit(desk, "approvals", roles=APPROVER, who=BOB, whose="all")
    assert (has_text(others, "ex-1 of ada"), buttons(others)) == (True, set())
    form = {"decision": "approved", "wait_id": wait_id, "comment": "fine"}
    refused = await send(desk, "approvals/ex-1", roles=APPROVER, who=BOB, **form)
    assert (refused.status, has_text(refused, "waits for another approver")) == (403, True)
    stale = await send(desk, "approvals/ex-1", roles=APPROVER, who=ANN, **{**form, "wait_id": "ex-1.expense.2"})
    assert stale.status == 409
    assert (await send(desk, "approvals/ex-1", roles=APPROVER, who=ANN, **form)).status == 303
    late = await send(desk, "approvals/ex-1", roles=APPROVER, who=ANN, **{**form, "decision": "rejected"})
    assert (late.status, has_text(late, "Another change came first")) == (409, True)
    await desk.host.run_until_idle()
    assert (await ended(desk))["message"] == f"Approved by {ANN} and paid."
    assert "ex-1" not in (await visit(desk, "approvals", roles=APPROVER, who=ANN)).text
