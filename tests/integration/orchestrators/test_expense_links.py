"""The link in an approver's mail: looking decides nothing, pressing decides once, and no other link does anything."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.web.decision_links import DecisionLinks
from domain.expenses.claim import expense_wait_id
from domain.ids import EXPENSE_APPROVAL
from domain.workflows.decision_link import DecisionLink
from services.container import services
from tests.support.expenses import ANN, ended, hand_in, link_to, open_page, press, shown, token_of
from tests.support.mails import Mailbox
from tests.support.shop import Shop


async def test_looking_at_the_page_decides_nothing_and_pressing_a_button_does_once(desk: Shop, mailbox: Mailbox):
    await hand_in(desk)
    link = await link_to(desk, mailbox, ANN)
    for _ in range(3):  # programs that scan mails look too
        status, page, headers = await open_page(desk, link)
        assert (status, (await shown(desk))["status"]) == (200, "running")
    assert 'method="post"' in page
    assert "500.00 USD" in page
    assert "520.00 USD" in page
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert (await press(desk, link, "approved", "fine"))[0] == 200
    assert (await press(desk, link, "rejected"))[0] == 409
    assert (await open_page(desk, link))[0] == 409
    run = await ended(desk)
    decided = next(entry for entry in run["steps"] if entry["step"] == "wait_for_decision")
    assert decided["message"] == f"approved by {ANN}: fine"


async def test_a_forged_changed_or_foreign_link_is_refused(desk: Shop, mailbox: Mailbox):
    await hand_in(desk)
    token = token_of(await link_to(desk, mailbox, ANN))
    link = services().decision_links.read(token)
    others = DecisionLinks("another secret", "").address(link)
    for bad in (f"token={token[:-3]}abc", f"token=x{token}", "token=", f"token={'x' * 5_000}", others or ""):
        assert (await open_page(desk, bad))[0] == 403
        assert (await press(desk, bad, "approved"))[0] == 403
    assert (await shown(desk))["status"] == "running"


@pytest.mark.parametrize("comment", ["3 " * 4_000, "4242 4242 4242 4242", "x" * 1_000])
async def test_a_form_without_a_valid_token_is_not_read(desk: Shop, comment: str):
    form = {"token": "made up", "decision": "approved", "comment": comment}
    answer = await desk.host.http.post("/api/decisions", data=form)
    assert answer.status == 403


async def test_a_card_number_in_a_comment_is_refused_and_decides_nothing(desk: Shop, mailbox: Mailbox):
    await hand_in(desk)
    status, page = await press(desk, await link_to(desk, mailbox, ANN), "approved", "pay 4242 4242 4242 4242")
    assert status == 422
    assert "4242 4242" not in page
    assert (await shown(desk))["status"] == "running"


async def test_a_link_whose_time_has_run_out_is_refused(desk: Shop):
    await hand_in(desk)
    past = datetime.now(UTC) - timedelta(seconds=1)
    link = DecisionLink(
        workflow=EXPENSE_APPROVAL, key="ex-1", wait_id=expense_wait_id("ex-1", 1), approver=ANN, expires_at=past
    )
    address = services().decision_links.address(link)
    assert address is not None
    assert (await press(desk, address, "approved"))[0] == 410


@pytest.mark.parametrize("decision", ["", "maybe"])
async def test_a_form_without_a_decision_is_refused(desk: Shop, mailbox: Mailbox, decision):
    await hand_in(desk)
    assert (await press(desk, await link_to(desk, mailbox, ANN), decision))[0] == 422
    assert (await shown(desk))["status"] == "running"
