"""An expense claim's story: who is asked, whose decision counts, what is paid, and what may fail without paying wrongly."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.compose import dead_letters, decision_links, expense_payments, order_book
from adapters.decision_links import DecisionLink, DecisionLinks
from domain.approval import ApprovalDecision, SettleApprovalRequest
from domain.expense import ExpenseWait, expense_wait_id
from local_host.testing.doubles import ActivityFaults, DoubledExecutor
from sandbox.testing import Sandbox
from tests.support.mails import Mailbox, text_of
from tests.support.messages import waiting_messages
from tests.support.shop import Shop, forget_cached, running_shop, use_settings

ANN, BOB, ADA = "ann@example.com", "bob@example.com", "ada@example.com"
SETTINGS = {
    "APPROVER_EMAILS": f"{ANN},{BOB}",
    "EXPENSE_LIMITS": json.dumps({"usd": {"meals": 10_000, "travel": 100_000}, "eur": {"meals": 5_000}}),
    "LINK_SECRET": "only for tests",
}


@pytest.fixture
async def desk(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, mailbox: Mailbox
) -> AsyncIterator[Shop]:
    """A shop with two approvers and a mail server."""
    use_settings(monkeypatch, storage_connection, sandbox, SMTP_URL=mailbox.url, **SETTINGS)
    async with running_shop(sandbox) as running:
        yield running
    forget_cached()


def claim(**changes: Any) -> dict[str, Any]:
    items = [
        {"category": "meals", "amount_cents": 1_200, "currency": "usd", "spent_on": "2026-03-01"},
        {"category": "meals", "amount_cents": 800, "currency": "usd", "spent_on": "2026-03-02"},
        {"category": "travel", "amount_cents": 50_000, "currency": "usd", "spent_on": "2026-03-02"},
    ]
    return {"id": "ex-1", "employee_id": "ada", "email": ADA, "items": items, **changes}


async def hand_in(shop: Shop, **changes: Any) -> None:
    assert (await shop.post("expenses", claim(**changes))).status == 202
    await shop.host.until_idle()


async def shown(shop: Shop) -> dict[str, Any]:
    return dict((await shop.get("expenses/ex-1")).body)


async def ended(shop: Shop) -> dict[str, Any]:
    answer = await shop.get("expenses/ex-1")
    assert answer.status == 200, answer.body
    return dict(answer.body)


async def decide(shop: Shop, decision: str = "approved") -> tuple[int, str | None]:
    """By JSON."""
    answer = await shop.post("approve/expense_approval.ex-1", {"decision": decision, "approver": "ann"})
    await shop.host.until_idle()
    return answer.status, answer.body.get("code")


async def deliver_all(shop: Shop) -> None:
    """Let the outbox be emptied."""
    for message in waiting_messages():
        await shop.host.run_once(shop.app.functions["deliver_notification"], json.dumps(message))


async def link_to(shop: Shop, mailbox: Mailbox, approver: str) -> str:
    """The address in the newest mail that asks this approver."""
    await deliver_all(shop)
    match = re.search(r"http\S+/api/decisions\?token=\S+", text_of(mailbox.to(approver)[-1]))
    assert match is not None
    return match[0]


async def open_page(shop: Shop, link: str) -> tuple[int, str, Mapping[str, str]]:
    async with shop.http.get(f"{shop.host.origin}/api/decisions", params={"token": token_of(link)}) as answer:
        return answer.status, await answer.text(), answer.headers


async def press(shop: Shop, link: str, decision: str, comment: str = "") -> tuple[int, str]:
    form = {"token": token_of(link), "decision": decision, "comment": comment}
    async with shop.http.post(f"{shop.host.origin}/api/decisions", data=form) as answer:
        text = await answer.text()
    await shop.host.until_idle()
    return answer.status, text


def token_of(link: str) -> str:
    return link.partition("token=")[2]


def paid() -> dict[str, int]:
    """What payroll would pick up for the claim, per category."""
    rows = list(expense_payments()._table.list_entities()) if _has_payments() else []
    assert len(rows) <= 1
    return {total["category"]: total["amount_cents"] for row in rows for total in json.loads(row["payment"])["totals"]}


def _has_payments() -> bool:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        list(expense_payments()._table.list_entities())
    except ResourceNotFoundError:
        return False
    return True


def ledger(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(entry["step"], entry["outcome"]) for entry in run["steps"]]


# -- the straight way


async def test_an_approved_claim_is_added_up_paid_once_and_told(desk: Shop):
    await hand_in(desk)
    waiting = await shown(desk)
    assert (waiting["status"], waiting["detail"]["wait"]["approver"]) == ("running", ANN)
    assert await decide(desk) == (202, None)
    run = await ended(desk)
    assert (run["status"], run["succeeded"]) == ("completed", True)
    assert ledger(run) == [
        ("calculate_expense_totals", "done"),
        ("notify_approver", "done"),
        ("wait_for_decision", "done"),
        ("pay_expense", "done"),
        ("notify_payment", "done"),
    ]
    assert paid() == {"meals": 2_000, "travel": 50_000}
    assert [(m["kind"], m["email"]) for m in waiting_messages()] == [
        ("expense_decision_requested", ANN),
        ("expense_paid", ADA),
    ]


async def test_a_rejected_claim_is_not_paid_and_told(desk: Shop):
    await hand_in(desk)
    assert await decide(desk, "rejected") == (202, None)
    run = await ended(desk)
    assert (run["status"], run["reason_code"], paid()) == ("rejected", "expense_rejected", {})
    assert waiting_messages()[-1]["kind"] == "expense_rejected"


# -- rules


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"category": "meals", "amount_cents": 10_001, "currency": "usd"}, "over_limit"),
        ({"category": "equipment", "amount_cents": 1, "currency": "usd"}, "over_limit"),
        ({"category": "meals", "amount_cents": 1, "currency": "chf"}, "over_limit"),
    ],
)
async def test_a_claim_beyond_the_rules_is_refused_before_anybody_is_asked(desk: Shop, item, reason):
    await hand_in(desk, items=[{**item, "spent_on": "2026-03-01"}])
    run = await ended(desk)
    assert (run["status"], run["reason_code"]) == ("rejected", reason)
    assert run["detail"]["totals"] == [item]


async def test_nobody_is_asked_about_their_own_money(desk: Shop):
    await hand_in(desk, email=ANN.upper())
    assert (await shown(desk))["detail"]["wait"]["approver"] == BOB


@pytest.mark.parametrize(
    "changes",
    [
        {"items": []},
        {"items": [{"category": "yachts", "amount_cents": 1, "currency": "usd", "spent_on": "2026-03-01"}]},
        {"items": [{"category": "meals", "amount_cents": 0, "currency": "usd", "spent_on": "2026-03-01"}]},
        {"email": "ada"},
        {"id": "ex.1"},
    ],
)
async def test_a_malformed_claim_starts_nothing(desk: Shop, changes):
    answer = await desk.post("expenses", claim(**changes))
    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert (await desk.get("expenses/ex-1")).status == 404


async def test_the_same_claim_again_is_the_same_run_and_another_one_is_refused(desk: Shop):
    await hand_in(desk)
    await hand_in(desk)
    assert len(waiting_messages()) == 1
    assert (await desk.post("expenses", claim(employee_id="bob"))).status == 409


# -- time


async def test_when_time_runs_out_the_next_approver_is_asked_and_the_first_is_too_late(desk: Shop, mailbox: Mailbox):
    await hand_in(desk)
    first = await link_to(desk, mailbox, ANN)
    await desk.clock.advance(days=2, minutes=1)
    assert (await shown(desk))["detail"]["wait"]["approver"] == BOB
    assert (await press(desk, first, "approved"))[0] == 409
    second = await link_to(desk, mailbox, BOB)
    assert "comes to you" in text_of(mailbox.to(BOB)[-1])
    assert (await press(desk, second, "rejected", "no receipt"))[0] == 200
    run = await ended(desk)
    assert (run["reason_code"], paid()) == ("expense_rejected", {})


async def test_when_nobody_decides_nothing_is_paid_and_the_claimant_is_told(desk: Shop):
    await hand_in(desk)
    await desk.clock.advance(days=2, minutes=1)
    await desk.clock.advance(days=2, minutes=1)
    run = await ended(desk)
    assert (run["status"], run["reason_code"], paid()) == ("rejected", "expense_timed_out", {})
    assert waiting_messages()[-1]["kind"] == "expense_timed_out"
    assert await decide(desk) == (409, "not_waiting")


async def test_a_decision_whose_event_was_lost_counts_when_time_is_up(desk: Shop):
    await hand_in(desk)
    decision = ApprovalDecision(decision="approved", approver="ann")
    order_book().settle(
        SettleApprovalRequest(order_id="ex-1", wait_id=expense_wait_id("ex-1", 1), decision=decision, claim_id="lost")
    )
    await desk.clock.advance(days=2, minutes=1)
    assert (await ended(desk))["status"] == "completed"


async def test_a_decision_whose_event_was_lost_is_heard_with_the_next_try_and_holds_against_it(desk: Shop):
    await hand_in(desk)
    decision = ApprovalDecision(decision="rejected", approver="ann")
    order_book().settle(
        SettleApprovalRequest(order_id="ex-1", wait_id=expense_wait_id("ex-1", 1), decision=decision, claim_id="lost")
    )
    assert await decide(desk) == (409, "already_decided")
    assert ((await ended(desk))["reason_code"], paid()) == ("expense_rejected", {})


@pytest.mark.parametrize("payload", ["Approved", {"decision": "approved", "approver": "eve"}])
async def test_an_event_that_was_not_entered_decides_nothing(desk: Shop, payload):
    await hand_in(desk)
    url = f"{desk.host.origin}/runtime/webhooks/durabletask/instances/expense_approval.ex-1/raiseEvent/ExpenseDecided1"
    async with desk.http.post(url, json=payload) as answer:
        assert answer.status == 202
    await desk.host.until_idle()
    assert ((await shown(desk))["status"], paid()) == ("running", {})
    assert await decide(desk) == (202, None)
    await desk.clock.advance(days=2, minutes=1)
    assert (await ended(desk))["status"] == "completed"


# -- whose decision counts


async def test_only_the_first_decision_counts(desk: Shop):
    await hand_in(desk)
    assert [await decide(desk, "rejected"), await decide(desk)] == [(202, None), (409, "not_waiting")]
    assert paid() == {}


async def test_a_claim_is_withdrawn_while_nobody_has_decided(desk: Shop):
    await hand_in(desk)
    answer = await desk.post("expenses/ex-1/withdrawal", {"requested_by": "ada", "reason": "wrong month"})
    assert answer.status == 202
    await desk.host.until_idle()
    run = await ended(desk)
    assert (run["status"], run["reason_code"], paid()) == ("cancelled", "withdrawn", {})
    assert (await desk.post("expenses/ex-1/withdrawal", {"requested_by": "ada"})).status == 409


@pytest.mark.parametrize("instance", ["expense_approval.ex-2", "process_order.ex-1", "ex-1"])
async def test_a_decision_on_what_is_no_claim_is_not_found(desk: Shop, instance):
    await hand_in(desk)
    answer = await desk.post(f"approve/{instance}", {"decision": "approved", "approver": "ann"})
    assert answer.status == 404


# -- the link in the mail


async def test_looking_at_the_page_decides_nothing_and_pressing_a_button_does_once(desk: Shop, mailbox: Mailbox):
    await hand_in(desk)
    link = await link_to(desk, mailbox, ANN)
    for _ in range(3):  # programs that scan mails look too
        status, page, headers = await open_page(desk, link)
        assert (status, (await shown(desk))["status"]) == (200, "running")
    assert 'method="post"' in page
    assert "500.00 USD" in page
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
    link = decision_links().read(token)
    others = DecisionLinks("another secret", "").address(link)
    for bad in (f"token={token[:-3]}abc", f"token=x{token}", "token=", f"token={'x' * 5_000}", others or ""):
        assert (await open_page(desk, bad))[0] == 403
        assert (await press(desk, bad, "approved"))[0] == 403
    assert (await shown(desk))["status"] == "running"


async def test_a_link_whose_time_has_run_out_is_refused(desk: Shop):
    await hand_in(desk)
    past = datetime.now(UTC) - timedelta(seconds=1)
    wait = ExpenseWait(wait_id=expense_wait_id("ex-1", 1), approver=ANN, expires_at=past)
    link = decision_links().address(DecisionLink(claim_id="ex-1", wait=wait))
    assert link is not None
    assert (await press(desk, link, "approved"))[0] == 410


@pytest.mark.parametrize("decision", ["", "maybe"])
async def test_a_form_without_a_decision_is_refused(desk: Shop, mailbox: Mailbox, decision):
    await hand_in(desk)
    assert (await press(desk, await link_to(desk, mailbox, ANN), decision))[0] == 422
    assert (await shown(desk))["status"] == "running"


# -- what may fail


def failing(activity: str, times: int) -> ActivityFaults:
    return ActivityFaults(failures={(activity, number): OSError("no storage") for number in range(1, times + 1)})


async def test_a_payment_that_fails_for_a_while_is_made_once(monkeypatch, storage_connection, sandbox):
    use_settings(monkeypatch, storage_connection, sandbox, **SETTINGS)
    faults = failing("pay_expense", 3)
    async with running_shop(sandbox, around_executor=lambda executor: DoubledExecutor(executor, {}, faults)) as shop:
        await hand_in(shop)
        await decide(shop)
        await shop.clock.advance(hours=1)
        run = await ended(shop)
        assert (run["status"], run["steps"][3]["attempts"]) == ("completed", 4)
        assert paid() == {"meals": 2_000, "travel": 50_000}


async def test_an_approved_claim_that_cannot_be_paid_is_parked_and_paid_by_a_replay(
    monkeypatch, storage_connection, sandbox
):
    use_settings(monkeypatch, storage_connection, sandbox, **SETTINGS)
    faults = failing("pay_expense", 20)
    async with running_shop(sandbox, around_executor=lambda executor: DoubledExecutor(executor, {}, faults)) as shop:
        await hand_in(shop)
        await decide(shop)
        for _ in range(8):
            await shop.clock.advance(hours=1)
        run = await ended(shop)
        assert (run["status"], run["reason_code"], paid()) == ("failed", "not_paid", {})
        (letter,) = dead_letters().list().items
        faults.failures.clear()
        assert (await shop.post(f"dead-letters/{letter.dead_letter_id}/replay")).status == 202
        await shop.host.until_idle()
        assert paid() == {"meals": 2_000, "travel": 50_000}


async def test_a_claim_whose_process_died_while_it_waited_goes_on(monkeypatch, storage_connection, sandbox, tmp_path):
    use_settings(monkeypatch, storage_connection, sandbox, **SETTINGS)
    async with running_shop(sandbox, state=tmp_path / "state.db") as shop:
        await hand_in(shop)
    async with running_shop(sandbox, state=tmp_path / "state.db") as shop:
        assert await decide(shop) == (202, None)
        assert (await ended(shop))["status"] == "completed"
        assert [m["kind"] for m in waiting_messages()] == ["expense_decision_requested", "expense_paid"]
