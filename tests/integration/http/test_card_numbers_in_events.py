"""A card number that comes through the Durable management API, past the shop's doors, is neither stored by the shop nor shown.

The extension keeps what it was sent in the history of the instance, in Azure as here; docs/card-numbers.md says how to purge it.
"""

import json
import logging
from typing import Any

import pytest

from tests.support.card_traces import traces_in
from tests.support.expenses import desk, hand_in
from tests.support.mails import Mailbox
from tests.support.messages import waiting_messages
from tests.support.order_requests import order_request
from tests.support.shop import Shop
from tests.support.storage_contents import kept_in

__all__ = ["desk"]

CARD = "4242424242424242"
PAYLOADS = [
    json.dumps(CARD),
    json.dumps("approve, charge 4242 4242 4242 4242"),
    json.dumps({"decision": "approved", "approver": "ann", "comment": "card 4242-4242-4242-4242"}),
    json.dumps({"approved": True, "approver": CARD}),
    json.dumps({"requested_by": "ada", "reason": f"booked on {CARD}"}),
    json.dumps({CARD: "approved"}),
    json.dumps(int(CARD)),
    json.dumps(json.dumps({"decision": "rejected", "approver": "ann", "comment": CARD})),
    '"\\u0034242424242424242"',
]
EVENTS = [
    "ApprovalDecision",
    "ApprovalDecided",
    "CancellationRequested",
    "ExpenseDecided1",
    "TrackingReported",
    "Unknown",
]
VIEWS: list[dict[str, str]] = [{}, {"view": "durable"}]


async def raise_event(shop: Shop, instance_id: str, event: str, payload: str) -> int:
    path = f"/runtime/webhooks/durabletask/instances/{instance_id}/raiseEvent/{event}"
    sent = await shop.host.http.request("POST", path, data=payload, headers={"Content-Type": "application/json"})
    await shop.host.run_until_idle()
    return sent.status


async def signal(shop: Shop, entity: str, operation: str, body: Any) -> int:
    """Signal an entity. body: client libraries send JSON in a JSON text, which is the form that the SDK reads."""
    path = f"/runtime/webhooks/durabletask/entities/{entity}?op={operation}"
    sent = await shop.host.http.request("POST", path, json=body)
    await shop.host.run_until_idle()
    return sent.status


async def shown_by(shop: Shop, *paths: str) -> str:
    return "\n".join([(await shop.get(path, **view)).text for path in paths for view in VIEWS])


def stored(connection: str) -> str:
    return "\n".join(text for _, text in kept_in(connection))


async def deliver_mails(shop: Shop) -> None:
    for notification in waiting_messages():
        await shop.host.run("deliver_notification", json.dumps(notification))


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_an_orders_document_mails_log_and_rows_do_not_repeat_it(
    desk: Shop, mailbox: Mailbox, storage_connection: str, caplog: pytest.LogCaptureFixture, payload: str
):
    caplog.set_level(logging.DEBUG)
    await desk.stock("piano", 5, unit_price_cents=500_000)
    lines = [{"product_id": "piano", "quantity": 1}]
    assert (await desk.post("orders", order_request(order_id="a-1", lines=lines))).status == 202
    await desk.host.run_until_idle()
    for event in EVENTS:
        assert await raise_event(desk, "a-1", event, payload) in (202, 410)
    await deliver_mails(desk)
    answers = await shown_by(desk, "orders/a-1") + (await desk.get("orders")).text
    mails = "\n".join(str(mail) for mail in mailbox.mails.values())
    for text in (answers, mails, stored(storage_connection), caplog.text):
        assert traces_in(text) == []


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_a_claims_document_mails_log_and_rows_do_not_repeat_it(
    desk: Shop, mailbox: Mailbox, storage_connection: str, caplog: pytest.LogCaptureFixture, payload: str
):
    caplog.set_level(logging.DEBUG)
    await hand_in(desk)
    for event in EVENTS:
        assert await raise_event(desk, "expense_approval.ex-1", event, payload) in (202, 410)
    await desk.host.advance(hours=120)
    await deliver_mails(desk)
    mails = "\n".join(str(mail) for mail in mailbox.mails.values())
    for text in (await shown_by(desk, "expenses/ex-1"), mails, stored(storage_connection), caplog.text):
        assert traces_in(text) == []


SIGNALS = [
    ("inventory/mug", "restock", {"quantity": 5, "key": CARD}),
    ("inventory/mug", "reserve", {"order_id": CARD, "quantity": 1, "expires_at": "2026-12-01T00:00:00Z"}),
    ("inventory/mug", "adjust", {"delta": 1, "key": "k", "reason": f"paid by {CARD}"}),
    ("shopping_cart/ada", "add", {"product_id": CARD, "quantity": 1, "key": "k"}),
    ("shopping_cart/ada", "finish_checkout", {"number": 1, "accepted": False, "message": CARD}),
]
NOW = {"requested_at": "2026-11-27T00:00:00Z", "now": "2026-11-27T00:00:00Z"}


@pytest.mark.parametrize(("entity", "operation", "body"), SIGNALS)
async def test_an_entity_takes_none_of_it_into_its_state(
    shop: Shop, caplog: pytest.LogCaptureFixture, entity: str, operation: str, body: dict[str, Any]
):
    await shop.stock("mug", 5)
    before = (await shop.get("inventory/mug")).json(), (await shop.get("carts/ada")).json()
    for sent in ({**NOW, **body}, json.dumps({**NOW, **body})):
        assert await signal(shop, entity, operation, sent) == 202
    assert ((await shop.get("inventory/mug")).json(), (await shop.get("carts/ada")).json()) == before
    state = await shop.host.http.request("GET", f"/runtime/webhooks/durabletask/entities/{entity}")
    assert traces_in(state.text + caplog.text) == []
    good = {"quantity": 1, "key": "a delivery", **NOW}
    assert await signal(shop, "inventory/mug", "restock", json.dumps(good)) == 202
    assert (await shop.get("inventory/mug")).json()["available"] == 6, "it goes on working"


async def test_what_the_extension_keeps_is_gone_once_the_instance_is_purged(shop: Shop):
    await shop.stock("piano", 5, unit_price_cents=500_000)
    lines = [{"product_id": "piano", "quantity": 1}]
    await shop.post("orders", order_request(order_id="a-1", lines=lines))
    await shop.host.run_until_idle()
    await raise_event(shop, "a-1", "Unknown", json.dumps(CARD))
    instance = "/runtime/webhooks/durabletask/instances/a-1"
    history = await shop.host.http.request("GET", f"{instance}?showHistory=true&showInput=true")
    assert traces_in(history.text), "the extension keeps it"
    await shop.post("orders/a-1/cancellation", {"requested_by": "ada"})
    await shop.host.run_until_idle()
    assert (await shop.host.http.request("DELETE", instance)).status == 200
    assert (await shop.host.http.request("GET", f"{instance}?showHistory=true&showInput=true")).status == 404
    assert (await shop.get("orders/a-1")).json()["status"] == "cancelled", "its row is what remains"
