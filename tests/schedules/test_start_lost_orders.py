from datetime import UTC, datetime, timedelta

import pytest

from adapters.compose import order_book
from schedules import start_lost_orders
from schedules.start_lost_orders import LOST_AFTER, TOO_OLD_AFTER
from tests.support.books import finish, open_dead_letters
from tests.support.order_requests import order_request
from tests.support.orders import placed_order
from tests.support.shop import Shop
from tests.support.unreliable import Unreliable

SCHEDULE = "start_lost_orders"


def enter(order_id: str, *, ago: timedelta) -> None:
    """Enter an order as if the process had died before it could start it."""
    order_book().accept(placed_order(order_id, placed_at=datetime.now(UTC) - ago), "fingerprint")


async def status(shop: Shop, order_id: str) -> str:
    return str((await shop.get(f"orders/{order_id}")).body["status"])


async def test_an_order_that_was_never_started_is_started_once(shop: Shop):
    await shop.stock("mug", 10)
    enter("a-1", ago=LOST_AFTER * 2)
    for _ in range(3):
        await shop.run_schedule(SCHEDULE)
    assert await status(shop, "a-1") == "completed"
    assert len(shop.sandbox.payments()) == 1


async def test_an_order_whose_start_may_still_be_under_way_is_left_alone(shop: Shop):
    await shop.stock("mug", 10)
    enter("a-1", ago=LOST_AFTER / 2)
    await shop.run_schedule(SCHEDULE)
    assert (await shop.get("orders/a-1")).body["runtimeStatus"] == "Pending"


async def test_an_order_that_was_started_is_left_alone_even_when_it_stopped_half_way(shop: Shop):
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    enter("a-1", ago=LOST_AFTER * 2)
    await shop.run_schedule(SCHEDULE)
    assert await status(shop, "a-1") == "authorised"
    await shop.host.operations.terminate("a-1")
    await shop.host.until_idle()
    calls = len(shop.sandbox.calls())
    await shop.run_schedule(SCHEDULE)
    assert (await shop.get("orders/a-1")).body["runtimeStatus"] == "Terminated"
    assert len(shop.sandbox.calls()) == calls


async def test_an_order_too_old_to_be_remembered_elsewhere_is_left_to_a_human(
    shop: Shop, caplog: pytest.LogCaptureFixture
):
    await shop.stock("mug", 10)
    enter("a-1", ago=TOO_OLD_AFTER + timedelta(hours=1))
    await shop.run_schedule(SCHEDULE)
    assert (await shop.get("orders/a-1")).body["runtimeStatus"] == "Pending"
    assert "order a-1 has no instance" in caplog.text


async def test_an_end_that_the_book_did_not_hear_of_is_entered_and_can_be_closed(
    unreliable_shop: Shop, unreliable: Unreliable, monkeypatch: pytest.MonkeyPatch
):
    shop = unreliable_shop
    monkeypatch.setattr(start_lost_orders, "LOST_AFTER", LOST_AFTER * 0)
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse")
    shop.sandbox.fault(operation="shipments.refund", kind="refuse", next=1)
    with unreliable.failing("record_order"):
        await shop.post("orders", order_request(order_id="a-1"))
        await finish(shop)
    (letter,) = await open_dead_letters(shop)
    address = f"dead-letters/{letter['dead_letter_id']}"
    resolution = {"resolved_by": "ann", "reason": "the label was sent back"}
    assert (await shop.post(f"{address}/replay")).status == 202
    await shop.host.until_idle()
    assert order_book().get("a-1").status == "accepted"
    assert (await shop.post(f"{address}/resolve", resolution)).status == 409, "its replay waits for the book"
    await shop.run_schedule(SCHEDULE)
    assert order_book().get("a-1").status == "needs_attention"
    await shop.clock.advance(minutes=1)
    assert (await status(shop, "a-1"), await open_dead_letters(shop)) == ("failed", [])
    assert order_book().get("a-1").status == "failed"


async def test_the_end_of_an_order_that_waited_for_approval_is_entered_too(
    unreliable_shop: Shop, unreliable: Unreliable, monkeypatch: pytest.MonkeyPatch
):
    shop = unreliable_shop
    monkeypatch.setattr(start_lost_orders, "LOST_AFTER", LOST_AFTER * 0)
    await shop.stock("piano", 1, unit_price_cents=500_000)
    lines = [{"product_id": "piano", "quantity": 1}]
    await shop.post("orders", order_request(order_id="a-1", lines=lines))
    await shop.host.until_idle()
    await shop.run_schedule(SCHEDULE)
    assert order_book().get("a-1").status == "awaiting_approval", "it is still on its way"
    with unreliable.failing("record_order"):
        await shop.post("orders/a-1/approval", {"decision": "rejected", "approver": "ann"})
        await finish(shop)
    await shop.run_schedule(SCHEDULE)
    assert order_book().get("a-1").status == "rejected"
