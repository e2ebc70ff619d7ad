"""Whose decision on a claim counts: the first that is entered in its turn, whatever becomes of its event, and no later one."""

import pytest

from domain.expenses.claim import expense_wait_id
from domain.orders.approval import ApprovalDecision, SettleApprovalRequest
from services.container import services
from tests.support.expenses import ANN, BOB, decide, ended, hand_in, link_to, paid, press, shown
from tests.support.mails import Mailbox, text_of
from tests.support.messages import waiting_messages
from tests.support.shop import Shop


async def test_when_time_runs_out_the_next_approver_is_asked_and_the_first_is_too_late(desk: Shop, mailbox: Mailbox):
    await hand_in(desk)
    first = await link_to(desk, mailbox, ANN)
    await desk.host.advance(days=2, minutes=1)
    assert (await shown(desk))["detail"]["wait"]["approver"] == BOB
    assert (await press(desk, first, "approved"))[0] == 409
    second = await link_to(desk, mailbox, BOB)
    assert "comes to you" in text_of(mailbox.to(BOB)[-1])
    assert (await press(desk, second, "rejected", "no receipt"))[0] == 200
    run = await ended(desk)
    assert (run["reason_code"], paid()) == ("expense_rejected", {})


async def test_without_a_decision_nothing_is_paid_and_the_claimant_is_notified(desk: Shop):
    await hand_in(desk)
    await desk.host.advance(days=2, minutes=1)
    await desk.host.advance(days=2, minutes=1)
    run = await ended(desk)
    assert (run["status"], run["reason_code"], paid()) == ("rejected", "expense_timed_out", {})
    assert waiting_messages()[-1]["kind"] == "expense_timed_out"
    assert await decide(desk) == (409, "not_waiting")


async def test_a_decision_whose_event_did_not_arrive_counts_when_time_is_up(desk: Shop):
    await hand_in(desk)
    decision = ApprovalDecision(decision="approved", approver="ann")
    services().order_repository.settle(
        SettleApprovalRequest(order_id="ex-1", wait_id=expense_wait_id("ex-1", 1), decision=decision, claim_id="lost")
    )
    await desk.host.advance(days=2, minutes=1)
    assert (await ended(desk))["status"] == "completed"


async def test_a_decision_whose_event_did_not_arrive_is_found_by_the_next_attempt_and_counts(desk: Shop):
    await hand_in(desk)
    decision = ApprovalDecision(decision="rejected", approver="ann")
    services().order_repository.settle(
        SettleApprovalRequest(order_id="ex-1", wait_id=expense_wait_id("ex-1", 1), decision=decision, claim_id="lost")
    )
    assert await decide(desk) == (409, "already_decided")
    assert ((await ended(desk))["reason_code"], paid()) == ("expense_rejected", {})


@pytest.mark.parametrize("payload", ["Approved", {"decision": "approved", "approver": "eve"}])
async def test_an_event_that_was_not_entered_decides_nothing(desk: Shop, payload):
    await hand_in(desk)
    path = "/runtime/webhooks/durabletask/instances/expense_approval.ex-1/raiseEvent/ExpenseDecided1"
    assert (await desk.host.http.post(path, json=payload)).status == 202
    await desk.host.run_until_idle()
    assert ((await shown(desk))["status"], paid()) == ("running", {})
    assert await decide(desk) == (202, None)
    await desk.host.advance(days=2, minutes=1)
    assert (await ended(desk))["status"] == "completed"


async def test_only_the_first_decision_counts(desk: Shop):
    await hand_in(desk)
    assert [await decide(desk, "rejected"), await decide(desk)] == [(202, None), (409, "not_waiting")]
    assert paid() == {}


async def test_a_claim_is_withdrawn_before_a_decision(desk: Shop):
    await hand_in(desk)
    answer = await desk.post("expenses/ex-1/withdrawal", {"requested_by": "ada", "reason": "wrong month"})
    assert answer.status == 202
    await desk.host.run_until_idle()
    run = await ended(desk)
    assert (run["status"], run["reason_code"], paid()) == ("cancelled", "withdrawn", {})
    assert (await desk.post("expenses/ex-1/withdrawal", {"requested_by": "ada"})).status == 409


@pytest.mark.parametrize("instance", ["expense_approval.ex-2", "process_order.ex-1", "ex-1"])
async def test_a_decision_on_what_is_no_claim_is_not_found(desk: Shop, instance):
    await hand_in(desk)
    answer = await desk.post(f"approve/{instance}", {"decision": "approved", "approver": "ann"})
    assert answer.status == 404
