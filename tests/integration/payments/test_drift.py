"""Payments that differ from their orders are found, each kind made at the provider or in a row from outside."""

import json
from typing import Any

import pytest
from stripe import StripeClient

from services.container import services
from services.retention.settled import why_order_unsettled
from tests.integration.payments.drift import (
    RESOLUTION,
    TOTAL,
    UNDELIVERABLE,
    alarms,
    by_hand,
    change_row,
    only,
    place,
    run,
    stopped_before_its_label,
)
from tests.integration.timer.test_purge_history import client_of
from tests.support.books import finish
from tests.support.shop import Shop


async def test_money_that_is_held_for_an_order_that_does_not_exist(shop: Shop, account: StripeClient, caplog):
    payment_id = by_hand(account, "ghost", capture="manual")
    drift = await only(shop)
    assert drift == alarms(caplog)[0]
    assert drift | {"drift_id": "", "next_action": ""} == {
        "drift_id": "",
        "kind": "authorised_without_live_order",
        "provider": "stripe",
        "payment_id": payment_id,
        "order_id": "ghost",
        "order_status": None,
        "currency": "usd",
        "amount_cents": TOTAL,
        "held_cents": TOTAL,
        "captured_cents": 0,
        "refunded_cents": 0,
        "expected_cents": 0,
        "expected_currency": None,
        "dead_letter_id": None,
        "next_action": "",
    }
    account.v1.payment_intents.cancel(payment_id)
    assert await run(shop) == []


@pytest.mark.parametrize("order_id", ["no order's id", "x" * 200, "a/b", "a#b", "../..", "."])
async def test_a_mark_that_no_order_can_have_is_an_order_that_does_not_exist(
    shop: Shop, account: StripeClient, order_id: str
):
    by_hand(account, order_id, capture="manual")
    assert (await only(shop))["order_id"] == order_id


@pytest.mark.parametrize(
    ("marked", "shown"), [("4242424242424242", "(may hold a card number)"), ("a\x1b[31m", "a [31m")]
)
async def test_a_mark_is_shown_as_far_as_it_may_be(
    shop: Shop, account: StripeClient, marked: str, shown: str, caplog: pytest.LogCaptureFixture
):
    by_hand(account, marked, capture="manual")
    assert (await only(shop))["order_id"] == shown
    assert marked not in caplog.text


async def test_money_that_was_taken_for_an_order_that_ended_without_goods(shop: Shop, account: StripeClient):
    await place(shop, ship_to=UNDELIVERABLE)
    by_hand(account, "a-1")
    drift = await only(shop)
    assert (drift["kind"], drift["order_status"]) == ("captured_without_completed_order", "rejected")
    assert (drift["captured_cents"], drift["expected_cents"]) == (TOTAL, 0)


async def test_money_that_was_paid_back_in_part_only(shop: Shop, account: StripeClient):
    await place(shop, ship_to=UNDELIVERABLE)
    payment_id = by_hand(account, "a-1")
    account.v1.refunds.create({"payment_intent": payment_id, "amount": 500})
    drift = await only(shop)
    assert (drift["kind"], drift["refunded_cents"]) == ("refunded_too_little", 500)
    account.v1.refunds.create({"payment_intent": payment_id})
    assert await run(shop) == []


async def test_a_refund_that_the_customers_bank_has_returned(shop: Shop, account: StripeClient, caplog):
    await place(shop, ship_to=UNDELIVERABLE)
    payment_id = by_hand(account, "a-1")
    refund = account.v1.refunds.create({"payment_intent": payment_id})
    shop.sandbox.post(f"/refunds/{refund.id}", {"status": "failed"})
    drift = await only(shop)
    assert (drift["kind"], drift["captured_cents"], drift["refunded_cents"]) == ("refund_failed", TOTAL, 0)
    assert alarms(caplog)[0]["next_action"].startswith("Pay the customer back in another way")
    assert await only(shop) == drift
    assert (await shop.post(f"reconciliation/payments/{drift['drift_id']}/resolve", RESOLUTION)).status == 200
    assert await run(shop) == []


@pytest.mark.parametrize("is_compared_before", [False, True])
async def test_a_completed_order_whose_payment_the_provider_does_not_have(shop: Shop, caplog, is_compared_before: bool):
    """Found by the order: no list of payments shows what is not there."""
    if is_compared_before:
        await stopped_before_its_label(shop)
        assert await run(shop) == []
        shop.sandbox.clear_faults()
        await finish(shop)
    else:
        await place(shop)
    shop.sandbox.reset()
    drift = await only(shop)
    assert (drift["kind"], drift["order_id"], drift["order_status"]) == ("not_paid", "a-1", "completed")
    assert (drift["captured_cents"], drift["expected_cents"]) == (0, TOTAL)
    assert [each["kind"] for each in alarms(caplog)] == ["not_paid"]
    assert await only(shop) == drift, "it stays until an operator resolves it"
    assert (await shop.post(f"reconciliation/payments/{drift['drift_id']}/resolve", RESOLUTION)).status == 200
    assert await run(shop) == []


async def test_money_of_a_completed_order_that_was_paid_back(shop: Shop, account: StripeClient):
    payment_id = await place(shop)
    assert await run(shop) == []
    account.v1.refunds.create({"payment_intent": payment_id, "amount": 500})
    drift = await only(shop)
    assert (drift["kind"], drift["order_status"]) == ("refunded_too_much", "completed")
    assert (drift["refunded_cents"], drift["expected_cents"]) == (500, TOTAL)


async def test_a_completed_order_whose_money_was_not_taken(shop: Shop, account: StripeClient):
    payment_id = await stopped_before_its_label(shop)
    assert await run(shop) == []
    account.v1.payment_intents.cancel(payment_id)
    row = services().order_repository.get("a-1")
    assert row is not None
    progress = (await shop.get("orders/a-1")).json()
    ended = {**progress, "status": "completed", "message": "By hand."}
    change_row(shop, "a-1", status="completed", result=json.dumps(ended))
    drift = await only(shop)
    assert (drift["kind"], drift["order_status"], drift["payment_id"]) == ("not_captured", "completed", payment_id)


async def test_a_second_payment_of_one_order(shop: Shop, account: StripeClient):
    own = await place(shop)
    other = by_hand(account, "a-1")
    drift = await only(shop)
    assert (drift["kind"], drift["payment_id"]) == ("charged_twice", other)
    assert await what_holds_up_an_erasure(shop) == "payment_open"
    account.v1.refunds.create({"payment_intent": other})
    assert await run(shop) == []
    assert await what_holds_up_an_erasure(shop) is None
    assert [row["captured"] - row["refunded"] for row in shop.sandbox.payments("a-1") if row["id"] == own] == [TOTAL]


async def what_holds_up_an_erasure(shop: Shop) -> str | None:
    row = services().order_repository.get("a-1")
    assert row is not None
    return await why_order_unsettled(client_of(shop), row)


async def test_money_of_an_order_whose_ledger_names_no_payment_holds_up_its_erasure(shop: Shop, account: StripeClient):
    lines = [{"product_id": "mug", "quantity": 99}]
    assert await place(shop, lines=lines) == ""
    payment_id = by_hand(account, "a-1", capture="manual")
    assert (await only(shop))["kind"] == "authorised_without_live_order"
    assert await what_holds_up_an_erasure(shop) == "payment_open"
    account.v1.payment_intents.cancel(payment_id)
    assert await run(shop) == []
    assert await what_holds_up_an_erasure(shop) is None


async def test_a_second_payment_of_an_order_under_way(shop: Shop, account: StripeClient):
    own = await stopped_before_its_label(shop)
    other = by_hand(account, "a-1", capture="manual")
    drift = await only(shop)
    assert (drift["kind"], drift["payment_id"]) == ("charged_twice", other)
    assert own != other


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"total_cents": TOTAL + 1}, "amount_differs"), ({"currency": "eur"}, "currency_differs")],
)
async def test_a_payment_of_another_sum_than_the_orders(shop: Shop, changes: dict[str, Any], kind: str):
    await place(shop)
    change_row(shop, "a-1", **changes)
    drift = await only(shop)
    assert (drift["kind"], drift["captured_cents"]) == (kind, TOTAL)
    assert (drift["expected_cents"], drift["expected_currency"]) == (
        changes.get("total_cents", TOTAL),
        changes.get("currency", "usd"),
    )


async def test_an_invoice_of_an_order_that_ended_without_goods(shop: Shop):
    await place(shop, payment={"provider": "invoice"})
    change_row(shop, "a-1", status="failed", course=json.dumps({"end": "failed"}))
    drift = await only(shop)
    assert (drift["kind"], drift["provider"]) == ("captured_without_completed_order", "invoice")
    assert drift["payment_id"] == "ada/a-1"
