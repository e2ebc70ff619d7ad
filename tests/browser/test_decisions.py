"""The way of an approver, from the mail to the decision, in a browser that runs no scripts unless said otherwise."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from domain.expenses.claim import expense_wait_id
from domain.ids import EXPENSE_APPROVAL
from domain.workflows.decision_link import DecisionLink
from services.container import services
from tests.browser.conftest import HOSTILE, SHOWN, NewPage
from tests.browser.readable import faults
from tests.support.expenses import ADA, ANN, BOB, deliver_all, ended, hand_in, link_to, paid, shown
from tests.support.mails import Mailbox, text_of
from tests.support.order_requests import order_request
from tests.support.shop import Shop

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]
ITEMS = [
    {
        "category": "meals",
        "amount_cents": 1_250,
        "currency": "usd",
        "spent_on": "2026-03-01",
        "description": "Lunch with Zoë",
    },
    {"category": "travel", "amount_cents": 48_000, "currency": "usd", "spent_on": "2026-03-02"},
]


async def show(page: Page, mail: EmailMessage, folder: Path) -> None:
    """As a mail program does."""
    file = folder / "mail.html"
    file.write_text(text_of(mail, "html"), encoding="utf-8")
    await page.goto(file.as_uri())


async def shows(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    await expect(page.get_by_role("button")).to_have_count(0)


async def test_an_approver_follows_the_mail_sees_the_claim_and_approves_it_once(
    desk: Shop, mailbox: Mailbox, new_page: NewPage, tmp_path: Path
):
    await hand_in(desk, items=ITEMS)
    await deliver_all(desk)
    page, other = await new_page(java_script_enabled=False), await new_page(java_script_enabled=False)
    for each in (page, other):
        await show(each, mailbox.to(ANN)[-1], tmp_path)
        await each.get_by_role("link", name="Review and decide").click()
        await expect(each.get_by_role("heading", level=1)).to_have_text("Expenses of ada")
    for row in ("meals, 2026-03-01 Lunch with Zoë 12.50 USD", "travel, 2026-03-02 480.00 USD", "Total 492.50 USD"):
        await expect(page.get_by_role("row", name=row)).to_have_count(1)
    # A mail scanner has opened the link by now, too.
    assert (await shown(desk))["status"] == "running"
    await page.get_by_role("button", name="Approve").click()
    await shows(page, "Thank you")
    await expect(page.get_by_text("You have approved the claim ex-1.")).to_be_visible()
    await other.get_by_role("button", name="Reject").click()
    await shows(other, "There is nothing left to decide")
    await desk.host.run_until_idle()
    await page.go_back()
    await shows(page, "There is nothing left to decide")
    assert ((await ended(desk))["status"], paid()) == ("completed", {"meals": 1_250, "travel": 48_000})


async def test_a_claim_is_rejected_with_a_comment_by_keyboard_alone_and_the_claimant_reads_why(
    desk: Shop, mailbox: Mailbox, new_page: NewPage, tmp_path: Path
):
    await hand_in(desk)
    page = await new_page()
    await page.goto(await link_to(desk, mailbox, ANN))
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Comment for ada (optional)")).to_be_focused()
    await page.keyboard.type(HOSTILE)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Reject")).to_be_focused()
    await page.keyboard.press("Enter")
    await shows(page, "Thank you")
    await desk.host.run_until_idle()
    assert (await ended(desk))["reason_code"] == "expense_rejected"
    await deliver_all(desk)
    await show(page, mailbox.to(ADA)[-1], tmp_path)
    await expect(page.get_by_text(f"“{SHOWN}”", exact=True)).to_be_visible()
    assert await page.evaluate("window.ran") is None


async def test_what_a_claimant_typed_is_text_for_the_approver(desk: Shop, mailbox: Mailbox, new_page: NewPage):
    await hand_in(desk, items=[{**ITEMS[0], "description": HOSTILE}])
    page = await new_page()
    await page.goto(await link_to(desk, mailbox, ANN))
    await expect(page.get_by_text(SHOWN, exact=True)).to_be_visible()
    assert await page.evaluate("window.ran") is None


async def test_a_forged_or_expired_link_shows_why_and_offers_no_decision(
    desk: Shop, mailbox: Mailbox, new_page: NewPage
):
    await hand_in(desk)
    page = await new_page(java_script_enabled=False)
    await page.goto(await link_to(desk, mailbox, ANN) + "x")
    await shows(page, "This link is invalid")
    past = datetime.now(UTC) - timedelta(seconds=1)
    link = DecisionLink(
        workflow=EXPENSE_APPROVAL, key="ex-1", wait_id=expense_wait_id("ex-1", 1), approver=ANN, expires_at=past
    )
    await page.goto(str(services().decision_links.address(link)))
    await shows(page, "This link has expired")


async def test_the_pages_of_a_decision_are_readable_for_all(desk: Shop, mailbox: Mailbox, new_page: NewPage):
    await hand_in(desk, employee_id="a.very-long.name_without_a_space_as_they_come_from_programs")
    link = await link_to(desk, mailbox, ANN)
    page = await new_page()
    await page.goto(link)
    assert await faults(page) == []
    await page.get_by_role("button", name="Reject").click()
    await shows(page, "Thank you")
    assert await faults(page) == []
    await desk.host.run_until_idle()
    await page.goto(link)
    await shows(page, "There is nothing left to decide")
    assert await faults(page) == []


async def test_mails_are_readable_for_all(desk: Shop, mailbox: Mailbox, new_page: NewPage, tmp_path: Path):
    await desk.stock("lamp", 5, unit_price_cents=60_000)
    for quantity, email in ((1, ADA), (2, BOB)):
        lines = [{"product_id": "lamp", "quantity": quantity}]
        assert (await desk.post("orders", order_request(lines=lines, email=email))).status == 202
    await hand_in(desk)
    await deliver_all(desk)
    page = await new_page()
    for mail in mailbox.mails.values():
        await show(page, mail, tmp_path)
        assert await faults(page) == [], mail["Subject"]
    # The customer's, the approver's of a large order, the approver's of a claim.
    assert len(mailbox.mails) == 3
