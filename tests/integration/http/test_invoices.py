"""An operator records what customers have paid of their invoices."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.books import finish
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings

TOTAL = 2_000
NUMBER = "ada-000001"
PAID = {"amount_cents": TOTAL, "currency": "usd", "recorded_by": "ann", "reference": "statement 7"}


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox) -> AsyncIterator[Shop]:
    """Run a shop that gives every customer credit for one order, and that ada has used."""
    offered = {"PAYMENT_PROVIDERS": "stripe,invoice", "INVOICE_CREDIT_CENTS": json.dumps({"usd": TOTAL})}
    use_settings(monkeypatch, storage_connection, sandbox, **offered)
    async with running_shop(sandbox) as running:
        await running.stock("mug", 10)
        assert await order(running, "a-1") == "completed"
        yield running


async def order(shop: Shop, order_id: str) -> str:
    """Place an order by invoice. Return how it ends."""
    await shop.post("orders", order_request(order_id=order_id, payment={"provider": "invoice"}))
    await finish(shop)
    return str((await shop.get(f"orders/{order_id}")).json()["status"])


async def pay(shop: Shop, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return await shop.post(f"invoices/{NUMBER}/payment", PAID if body is None else body, headers=headers)


async def test_an_invoice_that_is_paid_frees_the_credit(shop: Shop):
    assert await order(shop, "a-2") == "rejected"
    answer = await pay(shop)
    expected = {
        "number": NUMBER,
        "customer_id": "ada",
        "order_id": "a-1",
        "state": "invoiced",
        "currency": "usd",
        "amount_cents": TOTAL,
        "paid_cents": TOTAL,
        "open_cents": 0,
    }
    assert (answer.status, answer.json()) == (200, expected)
    assert (await shop.get(f"invoices/{NUMBER}")).json() == expected
    assert await order(shop, "a-3") == "completed"


async def test_a_payment_sent_twice_under_one_key_counts_once(shop: Shop):
    part = {**PAID, "amount_cents": 500}
    key = {"Idempotency-Key": "statement-7"}
    answers = await asyncio.gather(*(pay(shop, part, **key) for _ in range(4)))
    assert {answer.status for answer in answers} == {200}
    assert (await shop.get(f"invoices/{NUMBER}")).json()["open_cents"] == TOTAL - 500
    other = await pay(shop, {**part, "amount_cents": 501}, **key)
    assert (other.status, other.json()["code"]) == (409, "key_reused")
    assert (await pay(shop, {**part, "key": "statement-8"})).json()["paid_cents"] == 1_000


async def test_no_more_is_paid_than_is_open(shop: Shop):
    answers = await asyncio.gather(*(pay(shop, {**PAID, "key": str(number)}) for number in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status == 409} == {"more_than_is_open"}
    assert (await shop.get(f"invoices/{NUMBER}")).json()["paid_cents"] == TOTAL


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": "eur"}, "currency"),
        ({"amount_cents": 0}, "amount_cents"),
        ({"amount_cents": "2000"}, "amount_cents"),
        ({"recorded_by": ""}, "recorded_by"),
        ({"card": "x"}, "card"),
    ],
)
async def test_what_is_wrong_with_a_payment_is_named(shop: Shop, changes: dict[str, Any], field: str):
    answer = await pay(shop, {**PAID, **changes})
    assert (answer.status, [error["field"] for error in answer.json()["errors"]]) == (422, [field])
    assert (await shop.get(f"invoices/{NUMBER}")).json()["paid_cents"] == 0


@pytest.mark.parametrize("number", ["ada-000002", "bob-000001", "ada-C000001", "ada", "ada-1"])
async def test_an_invoice_that_does_not_exist_is_not_found(shop: Shop, number: str):
    for answer in (await shop.get(f"invoices/{number}"), await shop.post(f"invoices/{number}/payment", PAID)):
        assert (answer.status, answer.json()["code"]) == (404, "invoice_not_found")
