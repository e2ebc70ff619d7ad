"""Payments that differ from their orders are found, each kind made at the provider or in a row from outside."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import TableServiceClient, UpdateMode
from stripe import StripeClient

from adapters.stores.order_index import partition_of
from domain.payments.reconciliation import OrderMoney
from domain.payments.reconciliation_runs import ReadPosition
from services.container import services
from services.durable.client import DurableClient
from services.payments import ended_orders, provider_comparison, reconciliation
from services.payments.order_money import order_money
from services.retention.settled import why_order_unsettled
from tests.integration.timer.test_purge_history import client_of
from tests.support.books import assert_balanced, finish
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop, change_settings, running_shop, use_settings

UNDELIVERABLE = {**ADDRESS, "street1": "UNDELIVERABLE"}
TOTAL = 2_000
RESOLUTION = {"resolved_by": "ann", "reason": "out of goodwill"}


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox) -> AsyncIterator[Shop]:
    """Run a shop with ten mugs whose reconciliation waits for nothing."""
    offered = {"PAYMENT_PROVIDERS": "stripe,invoice", "INVOICE_CREDIT_CENTS": json.dumps({"usd": 50_000})}
    use_settings(monkeypatch, storage_connection, sandbox, PAYMENT_RECONCILIATION_GRACE_S="0", **offered)
    async with running_shop(sandbox) as running:
        await running.stock("mug", 10)
        yield running


@pytest.fixture
def account(sandbox) -> StripeClient:
    """Return the shop's account at Stripe, as a person at the dashboard uses it."""
    return StripeClient("sk_test_by_hand", base_addresses={"api": sandbox.url})


async def place(shop: Shop, order_id: str = "a-1", **changes: Any) -> str:
    """Place an order and let it go as far as it goes. Return the id of its payment, if it has one."""
    assert (await shop.post("orders", order_request(order_id=order_id, **changes))).status == 202
    await shop.host.run_until_idle()
    return next((row["id"] for row in shop.sandbox.payments(order_id)), "")


async def stopped_before_its_label(shop: Shop, order_id: str = "a-1") -> str:
    """Place an order that tries in vain to buy its label. Its money is held."""
    shop.sandbox.fault(operation="shipments.buy", kind="status", status=503)
    return await place(shop, order_id)


def by_hand(account: StripeClient, order_id: str, *, amount: int = TOTAL, capture: str = "automatic") -> str:
    """Make a payment that carries an order's mark."""
    mark = {"order_id": order_id, "durable_orders_namespace": "shop.Tests", "durable_orders_order_id": order_id}
    made = account.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "allowed_payment_method_types": ["card"],
            "capture_method": capture,
            "confirm": True,
            "metadata": mark,
        }
    )
    return made.id


async def run(shop: Shop) -> list[dict[str, Any]]:
    answer = await shop.post("reconciliation/payments")
    assert answer.status == 200, answer.text
    return list(answer.json()["drift"])


async def only(shop: Shop) -> dict[str, Any]:
    [drift] = await run(shop)
    return drift


def alarms(caplog) -> list[dict[str, Any]]:
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    return [json.loads(line.removeprefix("payment drift ")) for line in lines if line.startswith("payment drift ")]


# -- a good day


async def test_a_good_day_has_no_finding_with_orders_at_every_stage(shop: Shop, caplog):
    await place(shop, "completed")
    await place(shop, "invoiced", payment={"provider": "invoice"})
    await place(shop, "rejected", ship_to=UNDELIVERABLE)
    await place(shop, "declined", payment={"payment_method": "pm_card_chargeDeclined"})
    await place(shop, "credited", customer_id="bob", payment={"provider": "invoice"}, ship_to=UNDELIVERABLE)
    await stopped_before_its_label(shop, "under-way")
    assert await run(shop) == []
    shown = (await shop.get("reconciliation/payments")).json()
    assert [(each["provider"], each["payments"]) for each in shown["last_run"]["providers"]] == [
        ("stripe", 4),
        ("invoice", 2),
    ]
    assert not any(each["has_more"] or each["problem"] for each in shown["last_run"]["providers"])
    shop.sandbox.clear_faults()
    await finish(shop)
    assert await run(shop) == []
    assert alarms(caplog) == []


async def test_books_that_balance_from_outside_have_no_finding(shop: Shop):
    await place(shop, "bought")
    await place(shop, "rejected", ship_to=UNDELIVERABLE)
    shop.sandbox.fault(operation="payment_intents.capture", kind="drop_after", next=1)
    await place(shop, "unanswered")
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {name: {"mug": 2} for name in ("bought", "rejected", "unanswered")})
    assert await run(shop) == []


async def test_before_the_first_run_there_is_no_report(shop: Shop):
    assert (await shop.get("reconciliation/payments")).json() == {"last_run": None, "drift": [], "next_cursor": None}


async def test_what_an_ended_order_costs_is_nothing(shop: Shop):
    for number in range(3):
        await place(shop, f"a-{number}")
    await run(shop)
    before = len(shop.sandbox.calls())
    assert await run(shop) == []
    assert [call["operation"] for call in shop.sandbox.calls()[before:]] == ["payment_intents.list", "refunds.list"]


# -- one kind after the other


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


# -- what is known already, and what takes its time


async def test_money_of_an_open_dead_letter_names_it_and_raises_no_alarm_of_its_own(shop: Shop, caplog):
    shop.sandbox.fault(operation="payment_intents.cancel", kind="refuse")
    await place(shop, ship_to=UNDELIVERABLE)
    await finish_in_need_of_attention(shop)
    drift = await only(shop)
    assert (drift["kind"], drift["order_status"]) == ("authorised_without_live_order", "needs_attention")
    assert drift["dead_letter_id"] == "a-1.cancel_payment"
    assert "/api/orders/a-1/settlement" in drift["next_action"]
    assert alarms(caplog) == []
    # The operator says that it is settled, which it is not.
    assert (await shop.post("dead-letters/a-1.cancel_payment/resolve", RESOLUTION)).status == 200
    drift = await only(shop)
    assert (drift["dead_letter_id"], drift["order_status"]) == (None, "rejected")
    assert [each["drift_id"] for each in alarms(caplog)] == [drift["drift_id"]]


async def test_what_is_younger_than_the_grace_is_looked_at_again_and_not_reported(
    monkeypatch, shop: Shop, account: StripeClient, caplog
):
    change_settings(monkeypatch, PAYMENT_RECONCILIATION_GRACE_S="3600")
    by_hand(account, "ghost", capture="manual")
    assert await run(shop) == []
    assert alarms(caplog) == []
    change_settings(monkeypatch, PAYMENT_RECONCILIATION_GRACE_S="0")
    assert (await only(shop))["order_id"] == "ghost"


async def test_what_is_settled_while_it_is_compared_is_no_difference(
    monkeypatch, shop: Shop, account: StripeClient, caplog
):
    payment_id = by_hand(account, "ghost", capture="manual")
    reads: list[str] = []

    async def after_a_cancellation(client: DurableClient, order_id: str) -> OrderMoney:
        if not reads:
            account.v1.payment_intents.cancel(payment_id)
        reads.append(order_id)
        return await order_money(client, order_id)

    monkeypatch.setattr(provider_comparison, "order_money", after_a_cancellation)
    assert await run(shop) == []
    assert reads == ["ghost", "ghost"]
    assert alarms(caplog) == []


async def test_an_intended_difference_is_resolved_until_more_money_moves(shop: Shop, account: StripeClient, caplog):
    payment_id = await place(shop)
    account.v1.refunds.create({"payment_intent": payment_id, "amount": 500})
    drift_id = (await only(shop))["drift_id"]
    for body in (RESOLUTION, {**RESOLUTION, "reason": "another one"}):
        answer = await shop.post(f"reconciliation/payments/{drift_id}/resolve", body)
        assert (answer.status, answer.json()) == (200, {"drift_id": drift_id, "resolution": RESOLUTION})
    assert (await shop.get("reconciliation/payments")).json()["drift"] == []
    caplog.clear()
    assert await run(shop) == []
    assert alarms(caplog) == []
    account.v1.refunds.create({"payment_intent": payment_id, "amount": 500})
    drift = await only(shop)
    assert (drift["refunded_cents"], drift["drift_id"] != drift_id) == (1_000, True)


async def test_resolutions_at_once_are_all_answered_with_the_first(shop: Shop, account: StripeClient):
    by_hand(account, "no-such-order", capture="manual")
    path = f"reconciliation/payments/{(await only(shop))['drift_id']}/resolve"
    bodies = [{**RESOLUTION, "resolved_by": f"operator {number}"} for number in range(8)]
    answers = await asyncio.gather(*(shop.post(path, body) for body in bodies))
    assert [answer.status for answer in answers] == [200] * len(bodies)
    assert len({answer.text for answer in answers}) == 1
    assert (await shop.post(path, RESOLUTION)).text == answers[0].text


@pytest.mark.parametrize("drift_id", ["a" * 40, "nothing"])
async def test_a_difference_that_is_not_there_is_not_resolved(shop: Shop, drift_id: str):
    assert (await shop.post(f"reconciliation/payments/{drift_id}/resolve", RESOLUTION)).status == 404


# -- the run itself


def no_time() -> bool:
    return False


async def test_a_long_list_is_read_in_parts_and_gone_on_with_by_the_timer_until_it_is_whole(
    monkeypatch, shop: Shop, account: StripeClient, caplog
):
    monkeypatch.setattr(provider_comparison, "MAX_SPAN_PAGES", 2)
    monkeypatch.setattr(provider_comparison, "MAX_READ_SPANS", 4)
    by_hand(account, "ghost", capture="manual")
    for number in range(100):
        account.v1.payment_intents.create({"amount": TOTAL, "currency": "usd", "metadata": {"order_id": str(number)}})
    now = datetime.now(UTC) + timedelta(minutes=1)
    services().payment_reconciliation.move(ReadPosition(provider="stripe", read_until=now - timedelta(hours=2)))
    client, runs, last = client_of(shop), 0, None
    while last is None or last.providers[0].has_more:
        await reconciliation.go_on_reconciling(client, now + timedelta(minutes=runs), no_time)
        runs += 1
        last = services().payment_reconciliation.last_run()
        assert last is not None
    assert 3 < runs < 20, "parts of the two hours, and of the last of them"
    assert (last.reading_since, last.drift) == (now, 1)
    assert last.providers[0].read_until == now
    assert [each["order_id"] for each in alarms(caplog)] == ["ghost"]
    calls = len(shop.sandbox.calls())
    await reconciliation.go_on_reconciling(client, now + timedelta(minutes=57), no_time)
    assert len(shop.sandbox.calls()) == calls, "everything is read until the next hour"
    await reconciliation.go_on_reconciling(client, now + timedelta(minutes=60), no_time)
    assert len(shop.sandbox.calls()) > calls


async def test_a_clock_that_was_ahead_stops_no_comparison(shop: Shop, account: StripeClient, caplog):
    client, now = client_of(shop), datetime.now(UTC) + timedelta(minutes=1)
    await reconciliation.go_on_reconciling(client, now + timedelta(days=365), lambda: True)
    by_hand(account, "ghost")
    await reconciliation.go_on_reconciling(client, now, lambda: True)
    last = services().payment_reconciliation.last_run()
    assert last is not None
    assert (last.as_of, last.providers[0].read_until) == (now, now)
    assert [each["order_id"] for each in alarms(caplog)] == ["ghost"]


async def test_a_run_goes_on_while_it_has_time(monkeypatch, shop: Shop):
    monkeypatch.setattr(provider_comparison, "_MAX_WATCHED", 1)
    monkeypatch.setattr(ended_orders, "_MAX_ORDERS", 2)
    for number in range(3):
        await place(shop, f"ended-{number}")
    shop.sandbox.reset()
    for number in range(2):
        await stopped_before_its_label(shop, f"open-{number}")
    await run(shop)
    for each in (await shop.get("reconciliation/payments")).json()["last_run"]["providers"]:
        assert not each["has_more"]
    assert sorted(each["order_id"] for each in await run(shop)) == ["ended-0", "ended-1", "ended-2"]


async def test_orders_that_end_faster_than_a_run_reads_within_the_margin_of_clocks_are_all_read(
    monkeypatch, shop: Shop
):
    monkeypatch.setattr(ended_orders, "_MAX_ORDERS", 2)
    for number in range(4):
        await place(shop, f"a-{number}")
    shop.sandbox.reset()
    later = datetime.now(UTC) + timedelta(hours=1)
    for _ in range(4):
        await reconciliation.reconcile_payments(client_of(shop), later, no_time)
    drift = (await shop.get("reconciliation/payments")).json()["drift"]
    assert sorted(each["order_id"] for each in drift) == ["a-0", "a-1", "a-2", "a-3"]


async def test_what_was_open_is_looked_at_however_long_ago_it_was_made(shop: Shop, account: StripeClient):
    payment_id = await stopped_before_its_label(shop)
    assert await run(shop) == []
    position = services().payment_reconciliation.position("stripe")
    assert position.read_until is not None
    # As if days had gone by: the lists begin after the payment.
    later = position.read_until.replace(year=position.read_until.year + 1)
    services().payment_reconciliation.move(position.model_copy(update={"read_until": later}))
    change_row(shop, "a-1", status="failed", course=json.dumps({"end": "failed"}))
    drift = await only(shop)
    assert (drift["kind"], drift["payment_id"]) == ("authorised_without_live_order", payment_id)


async def test_a_provider_that_does_not_answer_is_named_and_the_others_are_read(
    shop: Shop, account: StripeClient, caplog
):
    by_hand(account, "ghost", capture="manual")
    await place(shop, payment={"provider": "invoice"})
    shop.sandbox.fault(operation="payment_intents.list", kind="status", status=503)
    assert await run(shop) == []
    stripe, invoice = (await shop.get("reconciliation/payments")).json()["last_run"]["providers"]
    assert (stripe["read_until"], stripe["problem"]) == (None, "the payment provider did not answer (503)")
    assert (invoice["payments"], invoice["problem"]) == (1, None)
    assert "payment reconciliation failed stripe: the payment provider did not answer (503)" in caplog.messages
    shop.sandbox.clear_faults()
    assert (await only(shop))["order_id"] == "ghost"


async def test_an_order_that_cannot_be_read_keeps_no_other_payment_from_being_compared(
    shop: Shop, account: StripeClient, caplog
):
    bad_id = await place(shop, "bad")
    account.v1.refunds.create({"payment_intent": bad_id})
    assert [each["order_id"] for each in await run(shop)] == ["bad"]
    orders = services().storage.table("orders")
    whole = orders.get_entity(partition_of("bad"), "bad")
    orders.upsert_entity({"PartitionKey": partition_of("bad"), "RowKey": "bad", "cancellation": "{"})
    by_hand(account, "zoe")
    assert sorted([each["order_id"] for each in await run(shop)]) == ["bad", "zoe"], "the known difference stays"
    assert "payments of 'bad' could not be compared" in caplog.text
    orders.upsert_entity(whole, UpdateMode.REPLACE)
    assert sorted([each["order_id"] for each in await run(shop)]) == ["bad", "zoe"]


async def test_the_timer_does_the_same(shop: Shop, account: StripeClient, caplog):
    by_hand(account, "ghost", capture="manual")
    await shop.host.run("reconcile_payments")
    assert [each["order_id"] for each in alarms(caplog)] == ["ghost"]


def change_row(shop: Shop, order_id: str, **columns: Any) -> None:
    """Change an order's row past the app."""
    connection = services().settings.storage.connection_string
    assert connection is not None
    table = TableServiceClient.from_connection_string(connection).get_table_client("orders")
    table.update_entity({"PartitionKey": partition_of(order_id), "RowKey": order_id, **columns}, UpdateMode.MERGE)


async def finish_in_need_of_attention(shop: Shop) -> None:
    await shop.host.advance(hours=8)
    assert (await shop.get("orders/a-1")).json()["status"] == "needs_attention"
