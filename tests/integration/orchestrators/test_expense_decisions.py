"""Whose decision on a claim counts: the first that is entered in its turn, whatever becomes of its event, and no later one."""

import json

import pytest

from adapters.stores.expense_payments import ExpensePayments
from domain.expenses.claim import expense_wait_id
from domain.ids import EXPENSE_APPROVAL
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
from services.container import services
from tests.support.expenses import (
    ANN,
    BOB,
    claim,
    decide,
    decision_token,
    ended,
    hand_in,
    link_to,
    paid,
    press,
    shown,
    withdrawal_token,
)
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
    services().approvals.settle(
        SettleApprovalRequest(
            workflow=EXPENSE_APPROVAL, key="ex-1", wait_id=expense_wait_id("ex-1", 1), decision=decision
        )
    )
    await desk.host.advance(days=2, minutes=1)
    assert (await ended(desk))["status"] == "completed"


async def test_a_decision_whose_event_did_not_arrive_is_found_by_the_next_attempt_and_counts(desk: Shop):
    await hand_in(desk)
    decision = ApprovalDecision(decision="rejected", approver="ann")
    services().approvals.settle(
        SettleApprovalRequest(
            workflow=EXPENSE_APPROVAL, key="ex-1", wait_id=expense_wait_id("ex-1", 1), decision=decision
        )
    )
    assert await decide(desk) == (409, "already_decided")
    assert ((await ended(desk))["reason_code"], paid()) == ("expense_rejected", {})


async def test_only_the_first_decision_counts(desk: Shop):
    await hand_in(desk)
    assert [await decide(desk, "rejected"), await decide(desk)] == [(202, None), (409, "not_waiting")]
    assert paid() == {}


async def test_a_claim_is_withdrawn_before_a_decision(desk: Shop):
    await hand_in(desk)
    answer = await desk.post("expenses/ex-1/withdrawal", {"token": withdrawal_token(), "reason": "wrong month"})
    assert answer.status == 202
    await desk.host.run_until_idle()
    run = await ended(desk)
    assert (run["status"], run["reason_code"], paid()) == ("cancelled", "withdrawn", {})
    again = await desk.post("expenses/ex-1/withdrawal", {"token": withdrawal_token()})
    assert (again.status, (await decide(desk))) == (202, (409, "not_waiting"))


@pytest.mark.parametrize("instance", ["expense_approval.ex-2", "process_order.ex-1"])
async def test_a_decision_on_what_is_no_claim_is_not_found(desk: Shop, instance):
    await hand_in(desk)
    token = await decision_token(desk, "ex-2")
    answer = await desk.post(f"approve/{instance}", {"decision": "approved", "token": token})
    assert answer.status == 404


async def test_a_claimant_cannot_approve_their_own_claim(desk: Shop):
    own = (await desk.post("expenses", claim())).json()["withdrawal_token"]
    await desk.host.run_until_idle()
    other = await decision_token(desk, "ex-2")
    for token in (own, other, "x", own[:-1]):
        refused = await desk.post("approve/expense_approval.ex-1", {"decision": "approved", "token": token})
        assert (refused.status, refused.json()["code"]) == (403, "link_invalid"), token
    unsigned = await desk.post("approve/expense_approval.ex-1", {"decision": "approved", "approver": "the CEO"})
    assert unsigned.status == 422
    await desk.host.run_until_idle()
    assert ((await shown(desk))["status"], paid()) == ("running", {})


async def test_who_decided_is_who_the_link_was_sent_to(desk: Shop):
    await hand_in(desk)
    named = {"decision": "approved", "token": await decision_token(desk), "approver": "the CEO"}
    assert (await desk.post("approve/expense_approval.ex-1", named)).status == 422
    assert await decide(desk) == (202, None)
    assert (await ended(desk))["status"] == "completed"
    (row,) = ExpensePayments(services().storage)._table.list_entities()
    assert json.loads(row["payment"])["approved_by"] == ANN


async def test_only_the_claimant_withdraws_a_claim(desk: Shop):
    given = (await desk.post("expenses", claim())).json()["withdrawal_token"]
    await desk.host.run_until_idle()
    approvers = await decision_token(desk)
    for token in (withdrawal_token("ex-2"), approvers, "x"):
        refused = await desk.post("expenses/ex-1/withdrawal", {"token": token})
        assert (refused.status, refused.json()["code"]) == (403, "token_invalid"), token
    assert (await desk.post("expenses/ex-1/withdrawal", {"requested_by": "a stranger"})).status == 422
    assert (await desk.post("expenses/ex-1/withdrawal", {})).status == 403
    # A stranger who has seen the claim can repeat its body.
    repeated = await desk.post("expenses", claim())
    assert (repeated.status, repeated.json()["withdrawal_token"]) == (202, None)
    assert (await shown(desk))["status"] == "running"
    assert (await desk.post("expenses/ex-1/withdrawal", {"token": given})).status == 202
