import asyncio
from typing import Any

import pytest

from domain.ids import PROCESS_ORDER
from domain.orders.approval import approval_wait_id
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
from services.container import services
from tests.support.order_requests import order_request
from tests.support.shop import Shop


def decision(word: str = "approved", **changes: Any) -> dict[str, Any]:
    return {"decision": word, "approver": "grace", **changes}


@pytest.fixture
async def waiting(shop: Shop) -> Shop:
    """Return a shop whose order `big-1` waits for an approval."""
    await shop.stock("piano", 3, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await shop.host.run_until_idle()
    assert await status(shop) == "awaiting_approval"
    return shop


async def status(shop: Shop, order_id: str = "big-1") -> str:
    return str((await shop.get(f"orders/{order_id}")).json()["status"])


async def test_an_approved_order_goes_on_and_its_ledger_says_who_decided(waiting: Shop):
    answer = await waiting.post("orders/big-1/approval", decision(comment="a good customer"))
    assert answer.status == 202
    assert answer.headers["Location"] == answer.json()["statusQueryGetUri"]
    await waiting.host.run_until_idle()
    order = (await waiting.get("orders/big-1")).json()
    assert order["status"] == "completed"
    (entry,) = [step for step in order["steps"] if step["step"] == "wait_for_approval"]
    assert entry["message"] == "approved by grace: a good customer"
    assert entry["at"]


async def test_a_rejected_order_ends_unpaid(waiting: Shop):
    assert (await waiting.post("orders/big-1/approval", decision("rejected"))).status == 202
    await waiting.host.run_until_idle()
    order = (await waiting.get("orders/big-1")).json()
    assert (order["status"], order["reason_code"]) == ("rejected", "approval_rejected")
    assert waiting.sandbox.payments() == []


@pytest.mark.parametrize("second", ["approved", "rejected"])
async def test_the_first_of_many_decisions_counts_and_the_others_are_refused(waiting: Shop, second: str):
    decisions = [decision(), *(decision(second, approver=f"ada {number}") for number in range(5))]
    answers = await asyncio.gather(*(waiting.post("orders/big-1/approval", each) for each in decisions))
    statuses = [answer.status for answer in answers]
    assert sorted(statuses) == [202, 409, 409, 409, 409, 409]
    await waiting.host.run_until_idle()
    first = decisions[statuses.index(202)]["decision"]
    assert await status(waiting) == ("completed" if first == "approved" else "rejected")


async def test_the_same_approvers_same_decision_again_is_no_other_one(waiting: Shop):
    repeats = [decision(), decision(approver="Grace"), decision(comment="as I said")]
    assert [(await waiting.post("orders/big-1/approval", each)).status for each in repeats] == [202] * 3
    await waiting.host.run_until_idle()
    assert await status(waiting) == "completed"
    again = await waiting.post("orders/big-1/approval", decision())
    assert (again.status, again.headers["Location"]) == (202, again.json()["statusQueryGetUri"])


@pytest.mark.parametrize("changes", [{"word": "rejected"}, {"approver": "ada"}])
async def test_a_decision_that_contradicts_the_first_is_a_409(waiting: Shop, changes: dict[str, Any]):
    await waiting.post("orders/big-1/approval", decision())
    early = await waiting.post("orders/big-1/approval", decision(**changes))
    # The order may have gone on by then.
    assert early.status == 409
    assert early.json()["code"] in ("already_decided", "not_waiting")
    await waiting.host.run_until_idle()
    late = await waiting.post("orders/big-1/approval", decision(**changes))
    assert (late.status, late.json()["code"]) == (409, "not_waiting")


async def test_a_decision_after_another_one_is_refused(waiting: Shop):
    settle(approved_by="ada")
    late = await waiting.post("orders/big-1/approval", decision("rejected"))
    assert (late.status, late.json()["code"]) == (409, "already_decided")


async def test_a_decision_after_the_time_ran_out_is_a_409(waiting: Shop):
    await waiting.host.advance(hours=25)
    late = await waiting.post("orders/big-1/approval", decision())
    assert late.status == 409
    assert await status(waiting) == "rejected"


async def test_a_recorded_decision_counts_although_its_event_did_not_arrive(waiting: Shop):
    settle(approved_by="ada")
    await waiting.host.advance(hours=25)
    assert await status(waiting) == "completed"


async def test_an_order_below_the_threshold_needs_no_approval(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    await shop.host.run_until_idle()
    refused = await shop.post("orders/a-1/approval", decision())
    assert (refused.status, refused.json()["code"]) == (409, "not_waiting")


async def test_an_unknown_order_is_a_404(shop: Shop):
    assert (await shop.post("orders/unknown/approval", decision())).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "maybe", "approver": "grace"}, "decision"),
        ({"decision": "approved"}, "approver"),
        ({"decision": "approved", "approver": ""}, "approver"),
        ({"decision": "approved", "approver": "grace", "comment": "4242 4242 4242 4242"}, "comment"),
        ({"decision": "approved", "approver": "grace", "amount": 1}, "amount"),
    ],
)
async def test_a_decision_of_another_form_is_refused_and_the_order_waits_on(waiting: Shop, body, field):
    refused = await waiting.post("orders/big-1/approval", body)
    assert refused.status == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    await waiting.host.run_until_idle()
    assert await status(waiting) == "awaiting_approval"


def settle(approved_by: str) -> None:
    """Enter a decision whose event never comes."""
    services().approvals.settle(
        SettleApprovalRequest(
            workflow=PROCESS_ORDER,
            key="big-1",
            wait_id=approval_wait_id("big-1"),
            decision=ApprovalDecision(decision="approved", approver=approved_by),
        )
    )
