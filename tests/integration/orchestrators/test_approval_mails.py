"""Who is asked about a large order, when, and what the link in the mail does; and the reminders of a claim's approver."""

import re

import pytest

from tests.support.expenses import ANN, BOB, decision_token, deliver_all, hand_in, link_to, open_page, press
from tests.support.mails import Mailbox, text_of
from tests.support.messages import waiting_messages
from tests.support.order_requests import order_request
from tests.support.shop import Shop


async def place(desk: Shop, order_id: str = "big-1", **changes: object) -> None:
    await desk.stock("piano", 3, unit_price_cents=500_000)
    asked = order_request(order_id=order_id, lines=[{"product_id": "piano", "quantity": 1}], **changes)
    assert (await desk.post("orders", asked)).status == 202
    await desk.host.run_until_idle()


async def status(desk: Shop, order_id: str = "big-1") -> str:
    return str((await desk.get(f"orders/{order_id}")).json()["status"])


def asked() -> list[tuple[str, str]]:
    return [(message["kind"], message["email"]) for message in waiting_messages()]


async def test_the_first_approver_is_asked_then_the_next_one_and_all_are_reminded(desk: Shop):
    await place(desk)
    assert asked() == [("approval_requested", ANN)]
    await desk.host.advance(hours=9)
    escalated, *reminders = asked()[1:]
    assert (escalated, sorted(reminders)) == (
        ("approval_escalated", BOB),
        [("approval_reminder", ANN), ("approval_reminder", BOB)],
    )
    await desk.host.advance(hours=16)
    assert await status(desk) == "rejected"
    assert sorted(asked()[4:6]) == [("approval_reminder", ANN), ("approval_reminder", BOB)]


async def test_no_approver_is_asked_about_their_own_order(desk: Shop):
    await place(desk, email=ANN.upper())
    assert asked() == [("approval_requested", BOB)]


async def test_the_approver_of_a_claim_is_reminded_in_their_turn(desk: Shop):
    await hand_in(desk)
    await desk.host.advance(hours=25)
    assert asked() == [("expense_decision_requested", ANN), ("expense_decision_reminder", ANN)]


async def test_the_page_shows_the_order_and_only_its_button_decides_once(desk: Shop, mailbox: Mailbox):
    await place(desk)
    link = await link_to(desk, mailbox, ANN)
    assert "5,000.00 USD" in text_of(mailbox.to(ANN)[-1])
    for _ in range(2):
        code, page, headers = await open_page(desk, link)
        assert (code, await status(desk)) == (200, "awaiting_approval")
    for fact in ("5,000.00 USD", "piano", "ada", f"You decide as {ANN}"):
        assert fact.lower() in page.lower()
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert (await press(desk, link, "approved", "fine"))[0] == 200
    assert (await press(desk, link, "approved"))[0] == 200, "the same again"
    assert (await press(desk, link, "rejected"))[0] == 409
    assert (await open_page(desk, link))[0] == 409
    assert await status(desk) == "completed"


async def test_the_first_approvers_link_stays_valid_after_the_escalation(desk: Shop, mailbox: Mailbox):
    await place(desk)
    first = await link_to(desk, mailbox, ANN)
    await desk.host.advance(hours=5)
    second = await link_to(desk, mailbox, BOB)
    assert (await open_page(desk, second))[0] == 200
    assert (await press(desk, first, "rejected"))[0] == 200
    assert (await press(desk, second, "rejected"))[0] == 409
    assert await status(desk) == "rejected"


# -- the plain body of a request by the instance's id


@pytest.mark.parametrize(
    ("body", "media_type", "ends"),
    [
        ("Approved", "text/plain", "completed"),
        (" approved\n", "text/plain; charset=utf-8", "completed"),
        ("Rejected", "application/x-www-form-urlencoded", "rejected"),
        ('"Approved"', "application/json", "completed"),
        ("false", "application/json", "rejected"),
        ('{"approved": true, "approver": "grace"}', "application/json", "completed"),
    ],
)
async def test_a_plain_body_decides_on_an_order(desk: Shop, body: str, media_type: str, ends: str):
    await place(desk)
    for _ in range(2):
        answer = await desk.host.http.post(
            "/api/approve/big-1", data=body.encode(), headers={"Content-Type": media_type}
        )
        assert answer.status == 202
    await desk.host.run_until_idle()
    assert await status(desk) == ends


@pytest.mark.parametrize("body", ["", "maybe", "null", "7", "[]", '{"who": "me"}', "4242 4242 4242 4242"])
async def test_a_body_that_decides_nothing_is_refused_and_named(desk: Shop, body: str):
    await place(desk)
    answer = await desk.host.http.post("/api/approve/big-1", data=body.encode(), headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "decision")
    assert "4242 4242" not in answer.text
    assert await status(desk) == "awaiting_approval"


TWICE = "decision=approved&decision=rejected"
LONG = "&".join(f"field{number}=1" for number in range(21))


@pytest.mark.parametrize(
    ("body", "media_type", "status_code", "field"),
    [
        ('{"decision": "approved", "token": "\\ud800"}', "application/json", 422, "token"),
        ('{"decision": "approved", "token": ["x"]}', "application/json", 422, "token"),
        ('{"decision": "approved", "token": ""}', "application/json", 422, "token"),
        (TWICE, "application/x-www-form-urlencoded", 400, None),
        (LONG, "application/x-www-form-urlencoded", 400, None),
    ],
)
async def test_a_malformed_body_is_the_callers_mistake(
    desk: Shop, body: str, media_type: str, status_code: int, field: str | None
):
    await place(desk)
    answer = await desk.host.http.post("/api/approve/big-1", data=body.encode(), headers={"Content-Type": media_type})
    errors = answer.json()["errors"]
    assert (answer.status, errors[0]["field"] if errors else None) == (status_code, field)
    assert await status(desk) == "awaiting_approval"


@pytest.mark.parametrize("form", [TWICE, LONG])
async def test_a_page_takes_one_decision_at_a_time(desk: Shop, mailbox: Mailbox, form: str):
    await place(desk)
    await deliver_all(desk)
    of_an_order = re.search(r"token=(\S+)", text_of(mailbox.to(ANN)[-1]))
    assert of_an_order is not None
    answer = await desk.host.http.post(
        "/api/decisions",
        data=f"token={of_an_order[1]}&{form}".encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 400
    assert await status(desk) == "awaiting_approval"


async def test_a_plain_body_decides_on_a_claim_with_the_approvers_token_only(desk: Shop, mailbox: Mailbox):
    await hand_in(desk)
    path, plain = "/api/approve/expense_approval.ex-1", {"Content-Type": "text/plain"}
    unsigned = await desk.host.http.post(path, data=b"Approved", headers=plain)
    assert (unsigned.status, unsigned.json()["errors"][0]["field"]) == (422, "token")
    await place(desk)
    await deliver_all(desk)
    of_an_order = re.search(r"token=(\S+)", text_of(mailbox.to(ANN)[-1]))
    assert of_an_order is not None
    foreign = await desk.host.http.post(f"{path}?token={of_an_order[1]}", data=b"Approved", headers=plain)
    assert foreign.status == 403
    token = await decision_token(desk)
    signed = await desk.host.http.post(f"{path}?token={token}", data=b"Approved", headers=plain)
    assert signed.status == 202
    await desk.host.run_until_idle()
    assert (await desk.get("expenses/ex-1")).json()["status"] == "completed"
