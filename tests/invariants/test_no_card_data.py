"""A card number and the shop's own secrets, put in wherever a caller or an operator can put something, are found nowhere.

Looked through: every table, queue and blob of the storage account, the host's state file, all it ever logged, and all it answered.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from azure.storage.queue import QueueServiceClient, TextBase64EncodePolicy

from tests.invariants.order_cases import APPROVE, ORDER_CASES, stock_shelf_outside
from tests.invariants.outside import POLL_INTERVAL_S, Outside, the_outside
from tests.support.order_requests import ADDRESS, order_request
from tests.support.storage_contents import kept_in

CARD = "4242424242424242"
SPACED = "4242 4242 4242 4242"
TAIL = CARD[1:]
ESCAPED = rf"\u0034{TAIL}"  # the card, as JSON may spell it
STRIPE_KEY = "sk_test_plantedKeyOfThePaymentProvider"
EASYPOST_KEY = "EZTKplantedKeyOfTheCarrier"

BODIES: dict[str, dict[str, Any]] = {
    "order_id": {"order_id": CARD},
    "customer_id": {"customer_id": CARD},
    "payment_method": {"payment": {"payment_method": f"pm_{CARD}"}},
    "card itself": {"payment": {"card": {"number": CARD, "cvc": "123"}}},
    "unknown field": {"card_number": CARD},
    "unknown key": {CARD: "mine"},
    "number": {"amount": int(CARD)},
    "name": {"ship_to": {**ADDRESS, "name": SPACED}},
    "street": {"ship_to": {**ADDRESS, "street2": f"c/o {SPACED}"}},
    "email": {"email": f"{CARD}@example.com"},
    "product": {"lines": [{"product_id": CARD, "quantity": 1}]},
    "quantity": {"lines": [{"product_id": "mug", "quantity": CARD}]},
}


async def send_card_everywhere(shop: Outside) -> list[int]:
    """Return the statuses of the answers."""
    sent = [await shop.ask("POST", "orders", json=order_request(**changes)) for changes in BODIES.values()]
    sent += [
        await shop.ask("POST", "orders", json=order_request(), headers={"Idempotency-Key": CARD}),
        await shop.ask("POST", "orders", data=f"card={CARD}", headers={"Content-Type": "text/plain"}),
        await shop.ask("POST", "orders", data=f'{{"card": "{CARD}"', headers={"Content-Type": "application/json"}),
        await shop.ask("GET", f"orders/{CARD}"),
        await shop.ask("GET", "orders", params={"customer_id": CARD}),
        await shop.ask("GET", "orders", params={"cursor": CARD}),
        await shop.ask("GET", f"inventory/{CARD}"),
        await shop.ask("GET", f"dead-letters/{CARD}"),
        await shop.ask("PUT", f"products/{CARD}", json={"name": "Mug", "unit_price_cents": 1}),
        await shop.ask("PUT", "products/cup", json={"name": SPACED, "unit_price_cents": 1}),
        await shop.ask("POST", "inventory/mug/restock", json={"quantity": 1}, headers={"Idempotency-Key": CARD}),
        await shop.ask("POST", "inventory/mug/adjustment", json={"delta": -1, "reason": SPACED}),
        await shop.ask(
            "POST", "orders/approved/approval", json={"decision": "rejected", "approver": "ann", "comment": SPACED}
        ),
        await shop.ask("POST", "orders/approved/cancellation", json={"requested_by": CARD}),
        await shop.ask(
            "POST",
            "dead-letters/authorisation_expired.cancel_shipping/resolve",
            json={"resolved_by": "ann", "reason": f"paid back to {SPACED}"},
        ),
    ]
    return [answer.status for answer in sent]


@pytest.mark.timeout(600)
async def test_no_card_and_no_secret_is_stored_or_shown(tmp_path, storage_connection):
    texts: list[str] = []
    keys = {"STRIPE_API_KEY": STRIPE_KEY, "EASYPOST_API_KEY": EASYPOST_KEY}
    async with the_outside(tmp_path, storage_connection, keys, on_answer=texts.append) as shop:
        await stock_shelf_outside(shop)
        await run_orders(shop)
        statuses = await send_card_everywhere(shop)
        path, body = APPROVE
        assert (await shop.ask("POST", f"orders/approved/{path}", json=body)).status == 202
        await shop.until_ended("approved")
        await send_card_by_queue(storage_connection)
    assert all(400 <= status < 500 for status in statuses), statuses
    looked_through = {
        "answers": "\n".join(texts),
        "logs": "\n".join(log.read_text() for log in shop.host.logs),
        "state file": state_of(tmp_path),
        **dict(kept_in(storage_connection)),
    }
    account_key = storage_connection.partition("AccountKey=")[2].partition(";")[0]
    found = [
        (secret, place)
        for place, text in looked_through.items()
        for secret in (TAIL, SPACED, STRIPE_KEY, EASYPOST_KEY, account_key)
        if secret in text
    ]
    assert found == []
    kept = {"table orders", "blob dead-letters", "queue orders-in-poison"}
    assert kept <= set(looked_through), "nothing was kept, so nothing was searched"
    assert "completed" in looked_through["logs"] + looked_through["state file"]


async def send_card_by_queue(connection: str) -> None:
    """One in a field, and one in what is no JSON. Until both are recorded as refused, or given up on."""
    queues = QueueServiceClient.from_connection_string(connection)
    orders = queues.get_queue_client("orders-in", message_encode_policy=TextBase64EncodePolicy())
    for message in (f'{{"customer_id": "{ESCAPED}"}}', f"my card is {ESCAPED}"):
        await asyncio.to_thread(orders.send_message, message)
    while True:
        queue = await asyncio.to_thread(orders.get_queue_properties)
        if queue.approximate_message_count == 0:
            return
        await asyncio.sleep(POLL_INTERVAL_S)


async def run_orders(shop: Outside) -> None:
    """Orders that are paid, declined, compensated, stuck, and one that goes on waiting for an approval."""
    for name in ("completed", "declined", "undeliverable", "authorisation_expired"):
        if name == "authorisation_expired":
            shop.sandbox.fault(operation="shipments.refund", kind="refuse", order_id=name)
        assert (await shop.ask("POST", "orders", json=ORDER_CASES[name].body(name))).status == 202
        await shop.until_ended(name)
    assert (await shop.ask("POST", "orders", json=ORDER_CASES["approved"].body("approved"))).status == 202
    await shop.until_awaiting_approval("approved")


def state_of(folder: Path) -> str:
    return "".join(path.read_bytes().decode("latin-1") for path in folder.glob("local_host.db*"))
