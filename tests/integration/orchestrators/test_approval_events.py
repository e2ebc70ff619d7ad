"""Decisions that are raised as plain events, past the shop's own API: what decides, what does not, and that each is answered for.

Everything goes over HTTP, as `curl` would send it.
"""

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import Any

import pytest

from domain.workflows.decision_link import DecisionLink
from orchestrators.kernel.decision_wait import MAX_EVENTS
from services.container import services
from tests.support.expenses import ANN, hand_in, paid
from tests.support.order_requests import order_request
from tests.support.shop import Shop

CARD = "4242 4242 4242 4242"
APPROVING = [
    '"Approved"',
    "true",
    '{"approved": true}',
    '"approve"',
    '{"decision":"approved"}',
    '" YES "',
    '"\\"ok\\""',
]
REJECTING = ['"Rejected"', "false", '{"approved": "no"}', '"deny"', '{"Decision": "Reject", "Approver": "ann"}']
NEITHER = ["null", "7", "[]", '"maybe"', '""', '{"who": "me"}', '{"approved": true, "decision": "rejected"}']


@dataclass(frozen=True)
class Waiting:
    """A run that waits for a decision.

    Attributes:
        path: Of its status.
        event: The event of our own API.
        approved, rejected: Its status after a decision.
    """

    shop: Shop
    instance_id: str
    path: str
    event: str
    approved: str = "completed"
    rejected: str = "rejected"

    async def shown(self) -> dict[str, Any]:
        return dict((await self.shop.get(self.path)).json())

    async def custom_status(self) -> dict[str, Any]:
        answer = await self.shop.host.http.get(f"/runtime/webhooks/durabletask/instances/{self.instance_id}")
        return dict(answer.json()["customStatus"])

    async def wait(self) -> dict[str, Any] | None:
        status = await self.custom_status()
        found: dict[str, Any] | None = status["detail"].get("wait") if "detail" in status else status["approval"]
        return found

    async def raise_event(self, body: str, name: str = "ApprovalDecision") -> int:
        address = f"/runtime/webhooks/durabletask/instances/{self.instance_id}/raiseEvent/{name}"
        answer = await self.shop.host.http.post(
            address, data=body.encode(), headers={"Content-Type": "application/json"}
        )
        await self.shop.host.run_until_idle()
        return answer.status

    async def decide_by_link(self, word: str = "approved") -> int:
        """Press a button of the page in the first approver's mail."""
        wait = await self.wait()
        assert wait is not None
        link = DecisionLink(
            workflow="process_order" if self.path.startswith("orders") else "expense_approval",
            key=self.path.rpartition("/")[2],
            wait_id=wait["wait_id"],
            approver=ANN,
            expires_at=wait["expires_at"],
        )
        form = {"token": services().decision_links.token(link), "decision": word}
        return (await self.shop.post("decisions", data=form)).status


@pytest.fixture(params=["order", "claim"])
async def waiting(desk: Shop, request: pytest.FixtureRequest) -> Waiting:
    if request.param == "claim":
        await hand_in(desk)
        return Waiting(desk, "expense_approval.ex-1", "expenses/ex-1", "ExpenseDecided1")
    await desk.stock("piano", 3, unit_price_cents=500_000)
    await desk.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await desk.host.run_until_idle()
    return Waiting(desk, "big-1", "orders/big-1", "ApprovalDecided")


@pytest.mark.parametrize("own_event", [False, True])
@pytest.mark.parametrize(("bodies", "approves"), [(APPROVING, True), (REJECTING, False)])
async def test_the_obvious_words_decide(waiting: Waiting, bodies: list[str], approves: bool, own_event: bool):
    # One run for each body: the words have tests of their own, so a few do for the second event.
    body = bodies[0] if own_event else bodies[-1]
    assert await waiting.raise_event(body, waiting.event if own_event else "ApprovalDecision") == 202
    assert (await waiting.shown())["status"] == (waiting.approved if approves else waiting.rejected)


@pytest.mark.parametrize("body", APPROVING)
async def test_every_way_to_say_yes_approves_an_order(desk: Shop, body: str):
    await desk.stock("piano", 3, unit_price_cents=500_000)
    await desk.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await desk.host.run_until_idle()
    order = Waiting(desk, "big-1", "orders/big-1", "ApprovalDecided")
    assert await order.raise_event(body) == 202
    shown = await order.shown()
    assert shown["status"] == "completed"
    (entry,) = [step for step in shown["steps"] if step["step"] == "wait_for_approval"]
    assert entry["message"] == "approved by management API"


@pytest.mark.parametrize("own_event", [False, True])
@pytest.mark.parametrize("body", NEITHER)
async def test_what_decides_nothing_is_named_and_the_next_event_is_received(
    waiting: Waiting, body: str, own_event: bool, caplog: pytest.LogCaptureFixture
):
    name = waiting.event if own_event else "ApprovalDecision"
    assert await waiting.raise_event(body, name) == 202
    shown, wait = await waiting.custom_status(), await waiting.wait()
    assert wait is not None
    assert (wait["ignored_event"]["name"], wait["ignored_event"]["number"]) == (name, 1)
    assert f"The event {name} was no decision: " in shown["message"]
    assert await waiting.raise_event('"Approved"', name) == 202
    assert (await waiting.shown())["status"] == waiting.approved
    warnings = [record for record in caplog.records if "decision.event_ignored" in record.getMessage()]
    assert [record.levelno for record in warnings] == [logging.WARNING]


async def test_what_is_named_is_short_and_holds_no_card_number_and_no_control_characters(
    waiting: Waiting, caplog: pytest.LogCaptureFixture
):
    for body in (
        json.dumps({"approved": True, "comment": CARD}),
        json.dumps("x" * 5_000),
        json.dumps("a\r\n\x1b[31mERROR forged"),
    ):
        assert await waiting.raise_event(body) == 202
        shown = json.dumps(await waiting.shown())
        assert "4242 4242" not in shown
        assert "x" * 61 not in shown
        assert "\\u001b" not in shown
    assert "a [31mERROR forged" in shown
    wait = await waiting.wait()
    assert wait is not None
    assert wait["ignored_event"]["number"] == 3
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "4242 4242" not in logged
    assert "\x1b" not in logged


async def test_events_from_before_the_wait_are_read_in_order(desk: Shop):
    await desk.stock("piano", 3, unit_price_cents=500_000)
    await desk.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    order = Waiting(desk, "big-1", "orders/big-1", "ApprovalDecided")
    address = "/runtime/webhooks/durabletask/instances/big-1/raiseEvent/ApprovalDecision"
    for body in ("maybe", "perhaps", "Rejected", "Approved"):
        assert (await desk.host.http.post(address, json=body)).status == 202
    await desk.host.run_until_idle()
    assert (await order.shown())["reason_code"] == "approval_rejected"


async def test_a_flood_of_events_neither_decides_nor_grows_what_the_run_stores(waiting: Waiting):
    for number in range(2 * MAX_EVENTS):
        said = (await waiting.shown())["message"]
        assert ("No further event" in said) is (number >= MAX_EVENTS), "a decision that nothing reads is not asked for"
        assert await waiting.raise_event("7") == 202
    history = (
        await waiting.shop.host.http.get(
            f"/runtime/webhooks/durabletask/instances/{waiting.instance_id}?showHistory=true"
        )
    ).json()["historyEvents"]
    kinds = [event["EventType"] for event in history]
    assert kinds.count("EventRaised") >= 2 * MAX_EVENTS  # the platform stores each
    assert kinds.count("TimerCreated") == 1
    wait = await waiting.wait()
    assert wait is not None
    assert (wait["ignored_event"]["number"], wait["ignored_event"]["is_last"]) == (MAX_EVENTS, True)
    assert await waiting.decide_by_link() == 200
    await waiting.shop.host.run_until_idle()
    assert (await waiting.shown())["status"] == waiting.approved


async def test_a_flood_of_both_events_leaves_what_the_page_decides_to_the_end_of_the_wait(waiting: Waiting):
    for name in ("ApprovalDecision", waiting.event):
        for _ in range(MAX_EVENTS + 1):
            await waiting.raise_event("7", name)
    assert await waiting.decide_by_link() == 200
    await waiting.shop.host.advance(days=2, minutes=1)
    assert (await waiting.shown())["status"] == waiting.approved


async def test_of_an_event_a_link_and_the_api_at_once_exactly_one_counts(waiting: Waiting):
    event, link, other = await asyncio.gather(
        waiting.raise_event("false"), waiting.decide_by_link("approved"), waiting.decide_by_link("rejected")
    )
    await waiting.shop.host.run_until_idle()
    assert event == 202
    assert sorted((link, other)) in ([200, 409], [409, 409])
    status = (await waiting.shown())["status"]
    assert status == (waiting.approved if link == 200 else waiting.rejected)
    if waiting.path.startswith("expenses"):
        assert bool(paid()) == (status == waiting.approved)


async def test_a_decision_that_was_recorded_first_counts_whatever_event_comes(waiting: Waiting):
    assert await waiting.decide_by_link("rejected") == 200
    await waiting.raise_event('"Approved"')
    assert (await waiting.shown())["status"] == waiting.rejected


async def test_an_event_for_a_run_that_has_ended_is_refused(waiting: Waiting):
    assert await waiting.raise_event('"Approved"') == 202
    assert await waiting.raise_event('"Approved"') == 410
