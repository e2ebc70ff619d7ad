"""Orders that are paid by invoice, from the first request to a ledger that balances: invoices minus credit notes."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from domain.ids import PROCESS_ORDER
from domain.orders.run import OrderStart
from services.container import services
from tests.support.books import finish, open_dead_letters
from tests.support.order_requests import ADDRESS, order_request
from tests.support.orders import placed_order
from tests.support.shop import Shop, change_settings, running_shop, use_settings

UNDELIVERABLE = {**ADDRESS, "street1": "UNDELIVERABLE"}
BY_INVOICE = {"provider": "invoice"}
TOTAL = 2_000


@pytest.fixture
async def invoicing(monkeypatch, storage_connection, sandbox) -> AsyncIterator[Shop]:
    offered = {"PAYMENT_PROVIDERS": "stripe,invoice", "INVOICE_CREDIT_CENTS": json.dumps({"usd": 5_000})}
    use_settings(monkeypatch, storage_connection, sandbox, **offered)
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 10)
        yield shop


def rows(connection: str) -> list[Any]:
    """Return the table of invoices as an accountant's tool reads it."""
    tables = TableServiceClient.from_connection_string(connection)
    return list(tables.create_table_if_not_exists("invoices").list_entities())


def ledger(connection: str) -> tuple[list[int], list[int], int]:
    """Return the amounts of all invoices and of all credit notes, and what all customers owe."""
    found = rows(connection)
    invoices = [row["amount_cents"].value for row in found if row["RowKey"].startswith("invoice.")]
    notes = [row["amount_cents"].value for row in found if row["RowKey"].startswith("credit_note.")]
    due = sum(json.loads(row["used"]).get("usd", 0) for row in found if row["RowKey"] == "account")
    assert due == sum(invoices) - sum(notes), "nothing is held once every order has ended"
    return invoices, notes, due


async def order(shop: Shop, **changes: Any) -> dict[str, Any]:
    """Place an order by invoice and let it end."""
    body = order_request(order_id="a-1", payment=BY_INVOICE, **changes)
    answer = await shop.post("orders", body)
    assert answer.status == 202, answer.json()
    await finish(shop)
    shown: dict[str, Any] = (await shop.get("orders/a-1")).json()
    assert shop.sandbox.payments() == [], "nothing is charged elsewhere"
    return shown


def compensated(shown: dict[str, Any]) -> dict[str, str | None]:
    return {entry["step"]: entry["message"] for entry in shown["steps"] if entry["kind"] == "compensation"}


async def stock(shop: Shop) -> tuple[int, int, int]:
    counted = (await shop.get("inventory/mug")).json()
    return counted["available"], counted["reserved"], counted["sold"]


async def test_a_completed_order_is_invoiced_once(invoicing: Shop, storage_connection: str):
    shown = await order(invoicing)
    assert shown["status"] == "completed"
    assert ledger(storage_connection) == ([TOTAL], [], TOTAL)
    assert await stock(invoicing) == (8, 0, 2)


async def test_an_order_above_the_credit_limit_is_rejected(invoicing: Shop, storage_connection: str):
    shown = await order(invoicing, lines=[{"product_id": "mug", "quantity": 6}])
    assert (shown["status"], shown["reason_code"]) == ("rejected", "payment_declined")
    assert set(compensated(shown)) == {"cancel_payment", "release_inventory"}
    assert compensated(shown)["cancel_payment"] == "nothing_to_compensate"
    assert ledger(storage_connection) == ([], [], 0)
    assert await stock(invoicing) == (10, 0, 0)


async def test_an_undeliverable_order_releases_the_credit(invoicing: Shop, storage_connection: str):
    shown = await order(invoicing, ship_to=UNDELIVERABLE)
    assert (shown["status"], shown["reason_code"]) == ("rejected", "undeliverable")
    assert compensated(shown)["cancel_payment"] == "voided"
    assert set(compensated(shown)) == {"cancel_payment", "cancel_shipping", "release_inventory"}
    assert ledger(storage_connection) == ([], [], 0)
    assert await stock(invoicing) == (10, 0, 0)


async def test_an_invoice_that_was_issued_at_once_is_taken_back_by_a_credit_note(
    monkeypatch, invoicing: Shop, storage_connection: str
):
    change_settings(monkeypatch, PAYMENT_CAPTURE="immediate")
    shown = await order(invoicing, ship_to=UNDELIVERABLE)
    assert compensated(shown)["cancel_payment"] == "refunded"
    assert ledger(storage_connection) == ([TOTAL], [TOTAL], 0)


async def test_a_label_that_was_bought_is_given_back_with_the_credit(invoicing: Shop, storage_connection: str):
    invoicing.sandbox.fault(face="easypost", operation="shipments.buy", kind="drop_after", next=1)
    await invoicing.post("orders", order_request(order_id="a-1", payment=BY_INVOICE))
    await invoicing.host.run_until_idle()
    assert (await invoicing.post("orders/a-1/cancellation", {"requested_by": "ada"})).status == 202
    await finish(invoicing)
    shown = (await invoicing.get("orders/a-1")).json()
    assert shown["status"] == "cancelled"
    assert compensated(shown)["cancel_payment"] == "voided"
    assert compensated(shown)["cancel_shipping"] == "label_refunded"
    assert ledger(storage_connection) == ([], [], 0)
    assert await stock(invoicing) == (10, 0, 0)


async def test_a_second_run_of_an_order_issues_no_second_invoice(invoicing: Shop, storage_connection: str):
    await order(invoicing)
    row = services().order_repository.get("a-1")
    assert row is not None
    assert row.order is not None
    await invoicing.host.start(PROCESS_ORDER, OrderStart(**row.order.model_dump()).to_wire(), instance_id="a-1")
    await invoicing.host.run_until_idle()
    assert ledger(storage_connection) == ([TOTAL], [], TOTAL)


# -- where a payment was made


async def test_a_dead_letter_is_compensated_where_it_was_charged_although_the_shop_offers_that_no_more(
    monkeypatch, invoicing: Shop, storage_connection: str
):
    invoicing.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    await invoicing.post("orders", order_request(order_id="a-1", ship_to=UNDELIVERABLE))
    await invoicing.host.advance(hours=8)
    assert (await invoicing.get("orders/a-1")).json()["status"] == "needs_attention"
    change_settings(monkeypatch, PAYMENT_PROVIDERS="invoice")
    invoicing.sandbox.clear_faults()
    assert (await invoicing.post("dead-letters/a-1.cancel_payment/replay")).status == 202
    await invoicing.host.run_until_idle()
    assert (await invoicing.get("orders/a-1")).json()["status"] == "rejected"
    assert invoicing.sandbox.totals()["voided"] == TOTAL
    assert rows(storage_connection) == []


async def test_a_payment_of_a_provider_that_is_unknown_is_dead_lettered_and_not_lost(
    invoicing: Shop, storage_connection: str
):
    old = placed_order("a-1", payment_provider="barter")
    await invoicing.host.start(PROCESS_ORDER, OrderStart(**old.model_dump()).to_wire(), instance_id="a-1")
    await finish(invoicing)
    shown = (await invoicing.get("orders/a-1")).json()
    assert shown["status"] == "needs_attention"
    failed = [entry for entry in shown["steps"] if entry["reason_code"] == "payment_provider_unknown"]
    assert "barter" in failed[0]["message"]
    [dead_letter] = await open_dead_letters(invoicing)
    assert (dead_letter["step"], dead_letter["reason_code"]) == ("cancel_payment", "payment_provider_unknown")
    assert await stock(invoicing) == (10, 0, 0)


# -- at the door


@pytest.mark.parametrize(
    ("payment", "error"),
    [
        ({"provider": "barter"}, ("payment.provider", "provider_not_offered")),
        ({"provider": "Invoice"}, ("payment.provider", "string_pattern_mismatch")),
        ({"provider": "invoice", "payment_method": "pm_card_visa"}, ("payment.payment_method", "not_taken")),
        ({"provider": "stripe"}, ("payment.payment_method", "missing")),
        ({}, ("payment.payment_method", "missing")),
    ],
)
async def test_a_payment_that_the_shop_does_not_take_is_refused_by_field(invoicing: Shop, payment, error):
    answer = await invoicing.post("orders", order_request(payment=payment))
    assert answer.status == 422
    assert [(each["field"], each["rule"]) for each in answer.json()["errors"]] == [error]


async def test_a_shop_offers_cards_only_unless_it_says_otherwise(shop: Shop):
    await shop.stock("mug", 10)
    answer = await shop.post("orders", order_request(payment=BY_INVOICE))
    assert answer.status == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["message"]) == ("payment.provider", "Must be one of: stripe")


async def test_the_same_order_by_another_provider_is_another_order(invoicing: Shop):
    assert (await invoicing.post("orders", order_request(order_id="a-1"))).status == 202
    assert (await invoicing.post("orders", order_request(order_id="a-1", payment=BY_INVOICE))).status == 409
