"""A label that no order uses is found at the carrier and given back once; every other label is left alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import UpdateMode
from easypost.easypost_client import EasyPostClient

from adapters.easypost import labels as easypost_labels
from adapters.easypost.carrier import EasyPostCarrier
from adapters.stores.order_index import partition_of
from domain.errors import StorageUnavailable
from domain.shipping.labels import LabelPosition
from domain.shipping.shipment import BuyLabelRequest
from domain.workflows.steps import Outcome
from sandbox.testing import Sandbox
from services.container import services
from services.shipping.labels import MIN_AGE, compare_labels
from tests.support.books import assert_balanced, finish
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop, change_settings, running_shop, use_settings

LIST, FIND, REFUND = "shipments.list", "shipments.retrieve", "shipments.refund"
NOW = datetime.now(UTC) + timedelta(hours=3)
HOUR = timedelta(hours=1)


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as running:
        await running.stock("mug", 10)
        yield running


@pytest.fixture
def account(sandbox: Sandbox) -> EasyPostClient:
    """Return the shop's account at EasyPost, past the shop."""
    return EasyPostClient("EZTK_by_hand", api_base=sandbox.easypost_url)


async def place(shop: Shop, order_id: str) -> None:
    assert (await shop.post("orders", order_request(order_id=order_id))).status == 202
    await shop.host.run_until_idle()


async def given_up(shop: Shop, *order_ids: str) -> None:
    """Place orders that get no label, and compensate."""
    shop.sandbox.fault(operation="shipments.buy", kind="status", status=503)
    for order_id in order_ids:
        await place(shop, order_id)
    await finish(shop)
    shop.sandbox.clear_faults()


def buy_late(shop: Shop, order_id: str) -> str:
    """Do what the activity of a dead instance does when it goes on at last. Return the shipment's id."""
    [parcel] = shop.sandbox.parcels(order_id)
    bought = services().carrier.buy_label(BuyLabelRequest(order_id=order_id, shipment_id=parcel["id"]))
    assert bought.outcome is Outcome.DONE
    return str(parcel["id"])


def by_hand(account: EasyPostClient, reference: str) -> str:
    """Buy a label past the shop. Return the shipment's id."""
    address = {**{name: value for name, value in ADDRESS.items() if name != "postal_code"}, "zip": "94107"}
    made = account.shipment.create(
        reference=reference, to_address=address, from_address=address, parcel={"weight": 10.0}
    )
    return str(account.shipment.buy(made.id, rate=made.lowest_rate()).id)


async def compare(after: timedelta = timedelta(), pages: int = 1_000) -> None:
    """Compare the labels when all that was announced until now has become old enough, and so much later."""
    left = iter(range(pages))
    await compare_labels(NOW + MIN_AGE + after, lambda: next(left, None) is not None)


def calls(shop: Shop, *operations: str) -> list[int]:
    return [len(shop.sandbox.calls(operation=each)) for each in operations]


def paid(shop: Shop) -> list[str]:
    """Return the shipments whose labels the shop pays for."""
    return [row["id"] for row in shop.sandbox.parcels() if row["label_active"]]


def drift(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    lines = (each.removeprefix("label drift ") for each in caplog.messages if each.startswith("label drift "))
    return [json.loads(line) for line in lines]


async def open_dead_letters(shop: Shop) -> list[dict[str, Any]]:
    return list((await shop.get("dead-letters", state="open")).json()["dead_letters"])


async def test_a_label_that_was_bought_after_its_compensation_is_given_back_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
):
    await given_up(shop, "late")
    await place(shop, "sent")
    shipment_id = buy_late(shop, "late")
    assert shipment_id in paid(shop)
    for hours in range(3):
        await compare(hours * HOUR)
    assert calls(shop, REFUND) == [1]
    assert f"the label of shipment {shipment_id} is given back: order late has no use for it" in caplog.messages
    await assert_balanced(shop, {"mug": 10}, {name: {"mug": 2} for name in ("late", "sent")})
    assert (drift(caplog), await open_dead_letters(shop)) == ([], [])


async def test_a_purchase_that_stood_still_until_its_order_had_ended_leaves_no_label(shop: Shop):
    dead = EasyPostCarrier.connect(
        "EZTK_sandbox", shop.sandbox.easypost_url, services().settings.ship_from, answer_s=600
    )
    shop.sandbox.fault(operation="shipments.buy", kind="status", status=503)
    await place(shop, "a-1")
    [parcel] = shop.sandbox.parcels("a-1")
    still = shop.sandbox.fault(operation=FIND, kind="delay", delay_s=600, next=1)
    wanted = BuyLabelRequest(order_id="a-1", shipment_id=parcel["id"])
    purchase = asyncio.create_task(asyncio.to_thread(dead.buy_label, wanted))
    while not any(each["matched"] for each in shop.sandbox.faults() if each["id"] == still):
        await shop.get("health")
    await finish(shop)
    assert ((await shop.get("orders/a-1")).json()["status"], purchase.done()) == ("failed", False)
    shop.sandbox.clear_faults()
    assert (await purchase).outcome is Outcome.DONE, "it finds the rates that the compensation has had made"
    assert paid(shop) == [parcel["id"]]
    await compare()
    await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}})


async def test_a_label_that_is_used_or_given_back_costs_no_request_and_all_are_read_once_an_hour(shop: Shop):
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse", code="charge_expired_for_capture", next=1)
    await place(shop, "given-back")
    await place(shop, "a-1")
    await place(shop, "a-2")
    asked = calls(shop, REFUND)
    before = len(shop.sandbox.calls())
    await compare()
    await compare(timedelta(minutes=57))
    assert [each["operation"] for each in shop.sandbox.calls()[before:]] == [LIST]
    await compare(HOUR)
    assert (calls(shop, LIST, REFUND), len(paid(shop))) == ([2, *asked], 2)


async def test_the_label_of_an_order_under_way_is_left_alone_until_the_order_has_ended(shop: Shop):
    shop.sandbox.fault(operation="payment_intents.capture", kind="status", status=503)
    await place(shop, "a-1")
    [shipment_id] = paid(shop)
    await compare()
    assert (calls(shop, FIND, REFUND)[1], paid(shop)) == (0, [shipment_id])
    await finish(shop)
    assert paid(shop) == [], "its own compensation has given it back"
    buys_again = calls(shop, REFUND)
    await compare(HOUR)
    assert (calls(shop, REFUND), services().label_comparison.watched(cursor=None, limit=9).items) == (buys_again, [])


async def test_an_order_under_way_is_looked_at_again_until_it_has_ended(shop: Shop, account: EasyPostClient):
    shop.sandbox.fault(operation="payment_intents.capture", kind="status", status=503)
    await place(shop, "a-1")
    own = paid(shop)
    by_hand(account, "shop.Tests.a-1")
    await compare()
    assert (len(paid(shop)), calls(shop, REFUND)) == (2, [0])
    shop.sandbox.clear_faults()
    await finish(shop)
    await compare(HOUR)
    assert (paid(shop), calls(shop, REFUND)) == (own, [1])


async def test_a_label_whose_compensation_an_operator_has_resolved_stays(shop: Shop, caplog: pytest.LogCaptureFixture):
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse", code="charge_expired_for_capture")
    shop.sandbox.fault(operation=REFUND, kind="refuse")
    await place(shop, "a-1")
    await finish(shop)
    path, body = "dead-letters/a-1.cancel_shipping/resolve", {"resolved_by": "ann", "reason": "sent as a gift"}
    assert (await shop.post(path, body)).status == 200
    assert (await shop.get("orders/a-1")).json()["status"] == "rejected"
    asked, kept = calls(shop, REFUND), paid(shop)
    shop.sandbox.clear_faults()
    await compare()
    assert (calls(shop, REFUND), paid(shop), len(kept), drift(caplog)) == (asked, kept, 1, [])


async def test_what_is_being_compensated_or_waits_for_an_operator_is_left_to_them(shop: Shop):
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse", code="charge_expired_for_capture")
    shop.sandbox.fault(operation=REFUND, kind="status", status=503)
    await place(shop, "a-1")
    assert (await shop.get("orders/a-1")).json()["status"] not in ("failed", "rejected", "needs_attention")
    asked = calls(shop, REFUND)
    assert asked != [0], "it is being compensated"
    await compare()
    assert calls(shop, REFUND) == asked
    await finish(shop)
    asked = calls(shop, REFUND)
    assert (await shop.get("orders/a-1")).json()["status"] == "needs_attention"
    shop.sandbox.clear_faults()
    await compare(HOUR)
    assert (calls(shop, REFUND), len(paid(shop))) == (asked, 1)
    assert (await shop.post("orders/a-1/settlement")).status == 202
    await shop.host.run_until_idle()
    assert paid(shop) == []
    await compare(2 * HOUR)
    assert services().label_comparison.watched(cursor=None, limit=9).items == []


async def test_of_a_completed_order_the_label_of_another_shipment_is_given_back(shop: Shop, account: EasyPostClient):
    await place(shop, "a-1")
    own = paid(shop)
    by_hand(account, "shop.Tests.a-1")
    await compare()
    assert (paid(shop), calls(shop, REFUND)) == (own, [1])


async def test_a_label_that_replaces_the_one_that_a_completed_order_gave_back_stays(
    shop: Shop, account: EasyPostClient
):
    await place(shop, "a-1")
    [own] = paid(shop)
    account.shipment.refund(own)
    replacement = by_hand(account, "shop.Tests.a-1")
    await compare()
    assert (paid(shop), calls(shop, REFUND)) == ([replacement], [1])


async def test_a_parcel_that_the_carrier_has_is_named_and_its_label_kept(shop: Shop, caplog: pytest.LogCaptureFixture):
    await given_up(shop, "late")
    shipment_id = buy_late(shop, "late")
    shop.sandbox.post("/trackers/late", {"status": "in_transit"})
    for hours in range(2):
        await compare(hours * HOUR)
    assert drift(caplog) == [{"kind": "sent_without_order", "shipment_id": shipment_id, "order_id": "late"}]
    assert (paid(shop), calls(shop, REFUND)) == ([shipment_id], [0])


async def test_a_label_of_no_known_order_is_named_and_those_of_other_programs_are_not(
    shop: Shop, account: EasyPostClient, caplog: pytest.LogCaptureFixture
):
    references = ("shop.Tests.ghost", "shop.Tests.not an id", "shop.Other.ghost", "shop.Tests.a.b", "ghost", "")
    ghost, no_id, *_ = [by_hand(account, reference) for reference in references]
    await compare()
    assert sorted((each["kind"], each["shipment_id"]) for each in drift(caplog)) == sorted(
        ("unknown_order", each) for each in (ghost, no_id)
    )
    assert calls(shop, REFUND) == [0]


async def test_a_refund_that_the_carrier_refuses_is_an_open_dead_letter_that_can_be_replayed(shop: Shop):
    await given_up(shop, "late")
    shipment_id = buy_late(shop, "late")
    shop.sandbox.fault(operation=REFUND, kind="refuse")
    for hours in range(2):
        await compare(hours * HOUR)
    assert calls(shop, REFUND) == [1], "it is not tried again for ever"
    [open_one] = await open_dead_letters(shop)
    assert (open_one["step"], open_one["key"], open_one["reason_code"]) == (
        "cancel_shipping",
        "late",
        "carrier_request_refused",
    )
    shop.sandbox.clear_faults()
    assert (await shop.post(f"dead-letters/{open_one['dead_letter_id']}/replay")).status == 202
    await shop.host.run_until_idle()
    assert (paid(shop), await open_dead_letters(shop)) == ([], [])
    assert shipment_id in open_one["dead_letter_id"], "several labels of one order have one each"
    assert (await shop.get("orders/late")).json()["status"] == "failed"


async def test_a_label_whose_refused_refund_an_operator_has_resolved_stays_when_labels_are_read_again(shop: Shop):
    await given_up(shop, "late")
    shipment_id = buy_late(shop, "late")
    shop.sandbox.fault(operation=REFUND, kind="refuse", next=1)
    await compare()
    path = f"dead-letters/late.cancel_shipping.{shipment_id}/resolve"
    assert (await shop.post(path, {"resolved_by": "ann", "reason": "sent as a gift"})).status == 200
    services().label_comparison.move(LabelPosition())
    await compare(HOUR)
    assert (paid(shop), calls(shop, REFUND)) == ([shipment_id], [1])


async def test_no_replay_can_give_back_a_label_of_an_unknown_order(
    shop: Shop, account: EasyPostClient, caplog: pytest.LogCaptureFixture
):
    ghost = by_hand(account, "shop.Tests.ghost")
    shop.sandbox.fault(operation=FIND, kind="status", status=503)
    await compare()
    await compare(25 * HOUR)
    assert drift(caplog) == [{"kind": "unknown_order", "shipment_id": ghost, "order_id": "ghost"}]
    assert await open_dead_letters(shop) == []


async def test_a_carrier_without_an_answer_is_asked_again_for_a_day_and_then_an_operator(shop: Shop):
    await given_up(shop, "late")
    buy_late(shop, "late")
    shop.sandbox.fault(operation=REFUND, kind="status", status=503)
    for hours in (0, 1, 23):
        await compare(hours * HOUR)
    assert (calls(shop, REFUND), await open_dead_letters(shop)) == ([3], [])
    await compare(25 * HOUR)
    await compare(26 * HOUR)
    assert calls(shop, REFUND) == [4]
    assert [each["reason_code"] for each in await open_dead_letters(shop)] == ["no_answer"]


@pytest.mark.parametrize("fault", [{"kind": "drop_after"}, {"kind": "fail_after"}])
async def test_a_refund_whose_answer_is_lost_is_not_asked_for_twice(shop: Shop, fault: dict[str, Any]):
    await given_up(shop, "late")
    buy_late(shop, "late")
    shop.sandbox.fault(operation=REFUND, next=1, **fault)
    await compare()
    await compare(HOUR)
    assert (paid(shop), calls(shop, REFUND), await open_dead_letters(shop)) == ([], [1], [])


async def test_what_a_run_has_no_time_for_or_dies_over_is_gone_on_with(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(easypost_labels, "_PAGE_SIZE", 1)
    names = ("a-1", "a-2", "a-3")
    await given_up(shop, *names)
    for order_id in names:
        buy_late(shop, order_id)
    await compare(pages=1)
    assert (len(paid(shop)), calls(shop, REFUND)) == (2, [1])

    def dies(_: Any) -> None:
        raise StorageUnavailable("as if the process had died")

    monkeypatch.setattr(services().label_comparison, "move", dies)
    with pytest.raises(StorageUnavailable):
        await compare(timedelta(minutes=5))
    assert (len(paid(shop)), calls(shop, REFUND)) == (1, [2])
    change_settings(monkeypatch)  # another process
    await compare(timedelta(minutes=10))
    assert (paid(shop), calls(shop, LIST, REFUND)) == ([], [4, 3])


async def test_an_order_that_cannot_be_read_keeps_no_other_label_from_being_compared(
    shop: Shop, caplog: pytest.LogCaptureFixture
):
    names = ("bad", "good")
    await given_up(shop, *names)
    bad, _ = [buy_late(shop, order_id) for order_id in names]
    orders = services().storage.table("orders")
    whole = orders.get_entity(partition_of("bad"), "bad")
    orders.upsert_entity({"PartitionKey": partition_of("bad"), "RowKey": "bad", "cancellation": "{"})
    await compare()
    assert paid(shop) == [bad]
    assert f"the label of shipment {bad} could not be compared" in caplog.text
    watched = services().storage.table("paymentreconciliation")
    watched.upsert_entity({"PartitionKey": "labels.watched", "RowKey": "0", "json": "{"})
    orders.upsert_entity(whole, UpdateMode.REPLACE)
    await compare(HOUR)
    assert (paid(shop), calls(shop, REFUND)) == ([], [2])
    assert "1 labels to look at again cannot be read" in caplog.text


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "drop_before"}, {"kind": "html"}])
async def test_a_list_that_does_not_come_is_named_and_read_by_the_next_run(
    shop: Shop, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
):
    await given_up(shop, "late")
    buy_late(shop, "late")
    shop.sandbox.fault(operation=LIST, **fault)
    await compare()
    assert "label comparison failed: the carrier" in caplog.text
    shop.sandbox.clear_faults()
    await compare(timedelta(minutes=5))
    assert paid(shop) == []


async def test_a_cursor_that_the_carrier_does_not_know_any_more_is_begun_anew(
    shop: Shop, caplog: pytest.LogCaptureFixture
):
    await given_up(shop, "late")
    buy_late(shop, "late")
    await compare(pages=0)
    store = services().label_comparison
    span = {"since": NOW - HOUR * 24, "until": NOW, "cursor": "shp_gone"}
    store.move(store.position().model_copy(update=span))
    await compare()
    assert "label comparison failed: the carrier refused the request (NOT_FOUND)" in caplog.messages
    await compare(timedelta(minutes=5))
    assert paid(shop) == []


async def test_a_clock_that_was_ahead_stops_no_comparison(shop: Shop):
    await compare(timedelta(days=365))
    await given_up(shop, "late")
    buy_late(shop, "late")
    await compare()
    assert paid(shop) == []


async def test_several_runs_at_once_ask_for_one_refund(shop: Shop):
    await given_up(shop, "late")
    buy_late(shop, "late")
    await asyncio.gather(*(compare() for _ in range(4)))
    assert (paid(shop), await open_dead_letters(shop)) == ([], [])
    assert sum(each["status"] == 200 for each in shop.sandbox.calls(operation=REFUND)) == 1


async def test_the_timer_of_the_payments_compares_the_labels_too(shop: Shop, caplog: pytest.LogCaptureFixture):
    await shop.host.run("reconcile_payments")
    shop.sandbox.fault(operation="payment_intents.list", kind="status", status=503)
    await shop.host.run("reconcile_payments")
    position = services().label_comparison.position()
    assert position.read_until is not None
    assert timedelta() <= datetime.now(UTC) - MIN_AGE - position.read_until < HOUR
    assert (calls(shop, LIST), drift(caplog)) == ([1], [])
