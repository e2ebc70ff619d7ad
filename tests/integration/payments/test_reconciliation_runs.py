"""A run reads all that has changed since the last one, goes on where it stopped, and is held up by nothing."""

import json
from datetime import UTC, datetime, timedelta

from azure.data.tables import UpdateMode
from stripe import StripeClient

from adapters.stores.order_index import partition_of
from domain.payments.reconciliation_runs import ReadPosition
from services.container import services
from services.payments import ended_orders, provider_comparison, reconciliation
from tests.integration.payments.drift import (
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
from tests.support.books import assert_balanced, finish
from tests.support.shop import Shop


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


def no_time() -> bool:
    return False


async def test_a_long_list_is_read_in_parts_and_gone_on_with_by_the_timer_until_it_is_whole(
    monkeypatch, shop: Shop, account: StripeClient, caplog
):
    monkeypatch.setattr(provider_comparison, "MAX_SPAN_PAGES", 2)
    monkeypatch.setattr(provider_comparison, "MAX_READ_SPANS", 4)
    monkeypatch.setattr(reconciliation, "MAX_LAG", timedelta(minutes=110))
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
    behind = [line for line in caplog.messages if line.startswith("payments of stripe since ")]
    assert 0 < len(behind) < runs, "until it has come near enough"
    assert all(line.endswith(" are left to the next run of the timer") for line in behind)
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
