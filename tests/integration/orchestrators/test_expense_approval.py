"""An expense claim's case: what is paid or not, what is refused at once, and what may fail without paying wrongly."""

import pytest

from services.container import services
from tests.support.expenses import ADA, ANN, BOB, SETTINGS, claim, decide, ended, hand_in, ledger, paid, shown
from tests.support.messages import waiting_messages
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.unreliable import failing


async def test_an_approved_claim_is_added_up_paid_once_and_notified(desk: Shop):
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


async def test_a_rejected_claim_is_not_paid_and_its_claimant_notified(desk: Shop):
    await hand_in(desk)
    assert await decide(desk, "rejected") == (202, None)
    run = await ended(desk)
    assert (run["status"], run["reason_code"], paid()) == ("rejected", "expense_rejected", {})
    assert waiting_messages()[-1]["kind"] == "expense_rejected"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"category": "meals", "amount_cents": 10_001, "currency": "usd"}, "over_limit"),
        ({"category": "equipment", "amount_cents": 1, "currency": "usd"}, "over_limit"),
        ({"category": "meals", "amount_cents": 1, "currency": "chf"}, "over_limit"),
    ],
)
async def test_a_claim_beyond_the_rules_is_refused_before_an_approver_is_asked(desk: Shop, item, reason):
    await hand_in(desk, items=[{**item, "spent_on": "2026-03-01"}])
    run = await ended(desk)
    assert (run["status"], run["reason_code"]) == ("rejected", reason)
    assert run["detail"]["totals"] == [item]


async def test_no_approver_is_asked_about_their_own_claim(desk: Shop):
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
    assert (answer.status, answer.json()["code"]) == (422, "invalid_request")
    assert (await desk.get("expenses/ex-1")).status == 404


async def test_the_same_claim_again_is_the_same_run_and_another_one_is_refused(desk: Shop):
    await hand_in(desk)
    await hand_in(desk)
    assert len(waiting_messages()) == 1
    assert (await desk.post("expenses", claim(employee_id="bob"))).status == 409


# -- what may fail


async def test_a_payment_that_fails_for_a_while_is_made_once(monkeypatch, storage_connection, sandbox):
    use_settings(monkeypatch, storage_connection, sandbox, **SETTINGS)
    async with running_shop(sandbox) as shop:
        for attempt in (1, 2, 3):
            shop.host.fail_activity("pay_expense", attempt=attempt, error=OSError("no storage"))
        await hand_in(shop)
        await decide(shop)
        await shop.host.advance(hours=1)
        run = await ended(shop)
        assert (run["status"], run["steps"][3]["attempts"]) == ("completed", 4)
        assert paid() == {"meals": 2_000, "travel": 50_000}


async def test_an_approved_claim_that_cannot_be_paid_is_dead_lettered_and_paid_by_a_replay(
    monkeypatch, storage_connection, sandbox
):
    use_settings(monkeypatch, storage_connection, sandbox, **SETTINGS)
    async with running_shop(sandbox) as shop:
        with failing(shop, "pay_expense"):
            await hand_in(shop)
            await decide(shop)
            for _ in range(8):
                await shop.host.advance(hours=1)
        run = await ended(shop)
        assert (run["status"], run["reason_code"], paid()) == ("failed", "not_paid", {})
        (dead_letter,) = services().dead_letters.list().items
        assert (await shop.post(f"dead-letters/{dead_letter.dead_letter_id}/replay")).status == 202
        await shop.host.run_until_idle()
        assert paid() == {"meals": 2_000, "travel": 50_000}
