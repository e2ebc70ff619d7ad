"""What waits for one approver in the console: orders that they were asked about, and expense claims with their decision."""

import html
import re

import pytest

from console.pages import approvals
from local_host.testing import Answer
from tests.integration.console.pages import APPROVER, OPERATOR, send, visit
from tests.integration.console.test_order_page import MARKUP, buttons, has_text
from tests.support.expenses import ANN, BOB, claim, deliver_all, ended, hand_in, link_to, paid, press, shown
from tests.support.mails import Mailbox, text_of
from tests.support.order_requests import order_request
from tests.support.shop import Shop, change_settings


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
    assert has_text(page, "Claim ex-1", "Expenses of ada.", "meals 12.00 USD", f"Asked: {ANN}")
    assert (MARKUP in page.text, "onerror" in page.text) == (False, True)
    assert buttons(page) == {"Approve", "Reject"}
    (wait_id,) = re.findall(r'name="wait_id" value="([^"]+)"', page.text)
    assert "ex-1" not in (await visit(desk, "approvals", roles=APPROVER, who=BOB)).text
    others = await visit(desk, "approvals", roles=APPROVER, who=BOB, whose="all")
    assert (has_text(others, "Claim ex-1"), buttons(others)) == (True, set())
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


async def test_orders_and_claims_are_one_list_oldest_first_from_page_to_page(
    desk: Shop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(approvals, "MAX_PAGE_SIZE", 2)
    monkeypatch.setattr(approvals, "_MAX_CLAIMS", 2)
    await desk.stock("piano", 3, unit_price_cents=500_000)
    names = ["o-1", "ex-1", "ex-2", "ex-3", "o-2", "ex-4", "o-3"]
    for name in names:
        if name.startswith("ex"):
            await hand_in(desk, id=name)
        else:
            await desk.post("orders", order_request(order_id=name, lines=[{"product_id": "piano", "quantity": 1}]))
    await desk.host.run_until_idle()
    pages: list[list[str]] = []
    path = "approvals"
    while path:
        page = await visit(desk, path, roles=APPROVER)
        pages.insert(0, re.findall(r"\b(?:ex|o)-\d(?=</a>|</b>)", page.text))
        found = re.search(r'href="/console/([^"]*before=[^"]*)">More wait', page.text)
        path = html.unescape(found[1]) if found else ""
    assert [name for each in pages for name in each] == names
    assert len(pages) > 1


async def test_a_claim_above_the_second_limit_is_paid_when_two_have_approved_it(
    desk: Shop, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
):
    change_settings(monkeypatch, SECOND_APPROVAL_LIMIT_CENTS="51000")  # the claim has 520 USD in two categories
    await hand_in(desk)
    first = await link_to(desk, mailbox, ANN)
    page = await visit(desk, "approvals", roles=APPROVER, who=ANN)
    assert has_text(page, "0 of 2", "The claim is paid once another approver approves it, too.")
    for _ in range(2):  # once more is no second approver
        status, answer = await press(desk, first, "approved")
        assert (status, "waits for the approval of another" in answer) == (200, True)
    detail = (await shown(desk))["detail"]
    assert (detail["approvers_needed"], detail["first_approver"]) == (2, ANN)
    assert "ex-1" not in (await visit(desk, "approvals", roles=APPROVER, who=ANN)).text
    page = await visit(desk, "approvals", roles=APPROVER, who=BOB)
    assert (has_text(page, f"1 of 2, by {ANN}"), buttons(page)) == (True, {"Approve", "Reject"})
    form = {"decision": "approved", "wait_id": detail["wait"]["wait_id"]}
    stranger = await send(desk, "approvals/ex-1", roles=APPROVER, who="eve@example.com", **form)
    assert (stranger.status, paid()) == (403, {})
    second = await link_to(desk, mailbox, BOB)
    assert f"{ANN} has approved this claim" in text_of(mailbox.to(BOB)[-1])
    assert (await press(desk, second, "approved"))[0] == 200
    assert (await ended(desk))["message"] == f"Approved by {ANN} and {BOB} and paid."
    assert paid() == {"meals": 2_000, "travel": 50_000}
    for link, decision, status in ((first, "approved", 200), (second, "approved", 200), (second, "rejected", 409)):
        assert (await press(desk, link, decision))[0] == status


async def test_a_first_approval_counts_when_the_next_approver_has_their_turn(
    desk: Shop, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
):
    change_settings(monkeypatch, SECOND_APPROVAL_LIMIT_CENTS="51000")
    await hand_in(desk)
    await press(desk, await link_to(desk, mailbox, ANN), "approved")
    await desk.host.advance(days=2, minutes=1)
    assert (await press(desk, await link_to(desk, mailbox, BOB), "approved"))[0] == 200
    assert (await ended(desk))["message"] == f"Approved by {ANN} and {BOB} and paid."


async def test_a_first_approval_that_no_other_can_follow_is_kept_and_becomes_a_dead_letter(
    desk: Shop, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
):
    change_settings(monkeypatch, SECOND_APPROVAL_LIMIT_CENTS="51000", APPROVER_EMAILS=ANN)
    await hand_in(desk)
    status, answer = await press(desk, await link_to(desk, mailbox, ANN), "approved")
    assert (status, "waits for the approval of another" in answer) == (200, True)
    await deliver_all(desk)
    letters = (await desk.get("dead-letters")).json()["dead_letters"]
    assert [(each["key"], "names no approver" in str(each)) for each in letters] == [("ex-1", True)]
    await desk.host.advance(days=2, minutes=1)
    assert ((await ended(desk))["message"], paid()) == ("No approver decided in time.", {})
