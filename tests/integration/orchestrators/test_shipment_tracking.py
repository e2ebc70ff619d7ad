"""Tracking of a parcel: from an order's completion to the parcel's end, polling rarely and missing nothing."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from domain.ids import PROCESS_ORDER
from domain.shipping.tracking import MAX_PAUSE, pause_after
from sandbox.testing import Sandbox
from services.container import services
from tests.invariants.worker_deaths import recover_at_once
from tests.support.messages import waiting_messages
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.unreliable import failing

SECRET = "only for tests"
POLL = "trackers.list"


@pytest.fixture
async def sender(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> AsyncIterator[Shop]:
    """Yield a shop that takes the carrier's webhooks, with one order that has completed."""
    use_settings(monkeypatch, storage_connection, sandbox, EASYPOST_WEBHOOK_SECRET=SECRET)
    async with running_shop(sandbox) as running:
        await complete_order(running)
        yield running


async def complete_order(shop: Shop) -> None:
    await shop.stock("mug", 10)
    assert (await shop.post("orders", order_request(order_id="a-1"))).status == 202
    await shop.host.run_until_idle()


async def deliver(shop: Shop) -> None:
    """Deliver the messages of the outbox, which starts the tracking."""
    (notification,) = waiting_messages()
    await shop.host.run("deliver_notification", json.dumps(notification))


def carrier_says(shop: Shop, status: str) -> None:
    shop.sandbox.post("/trackers/a-1", {"status": status})


def polls(shop: Shop) -> int:
    return len(shop.sandbox.calls(operation=POLL))


async def tracking(shop: Shop) -> dict[str, Any]:
    answer = await shop.get("shipments/a-1")
    return {**answer.json(), "http": answer.status}


async def order(shop: Shop) -> dict[str, Any]:
    return dict((await shop.get("orders/a-1")).json())


async def send_webhook(shop: Shop, body: bytes | None = None, signature: str | None = None) -> tuple[int, Any]:
    code = shop.sandbox.parcels("a-1")[0]["tracking_code"]
    event = body or json.dumps({"description": "tracker.updated", "result": {"tracking_code": code}}).encode()
    signed = hmac.new(SECRET.encode(), event, hashlib.sha256).hexdigest()
    headers = {"X-Hmac-Signature": signature or f"hmac-sha256-hex={signed}"}
    answer = await shop.post("webhooks/tracking", data=event, headers=headers)
    await shop.host.run_until_idle()
    return answer.status, answer.json()


async def test_an_order_completes_without_waiting_for_its_tracking(sender: Shop):
    assert (await order(sender))["status"] == "completed"
    assert (await tracking(sender))["http"] == 404
    assert (await order(sender))["parcel"]["status"] is None


async def test_a_parcel_is_tracked_until_it_has_arrived(sender: Shop):
    await deliver(sender)
    assert ((await tracking(sender))["http"], (await order(sender))["parcel"]["status"]) == (202, "unknown")
    carrier_says(sender, "in_transit")
    await sender.host.advance(hours=1)
    assert (await order(sender))["parcel"]["status"] == "in_transit"
    carrier_says(sender, "delivered")
    await sender.host.advance(hours=2)
    run = await tracking(sender)
    assert (run["http"], run["status"], run["succeeded"], run["reason_code"]) == (200, "completed", True, None)
    assert [each["status"] for each in run["detail"]["seen"]] == ["unknown", "in_transit", "delivered"]
    shown = await order(sender)
    assert (shown["status"], shown["parcel"]["status"]) == ("completed", "delivered")


@pytest.mark.parametrize(
    ("theirs", "ours"), [("return_to_sender", "returned"), ("failure", "lost"), ("cancelled",) * 2]
)
async def test_a_parcel_that_does_not_arrive_ends_its_tracking_too(sender: Shop, theirs, ours):
    carrier_says(sender, theirs)
    await deliver(sender)
    run = await tracking(sender)
    assert (run["http"], run["status"], run["reason_code"]) == (200, "completed", ours)
    assert (await order(sender))["status"] == "completed"


async def test_the_carrier_is_polled_less_and_less_often_and_a_parcel_without_an_end_is_lost(sender: Shop):
    await deliver(sender)
    for _ in range(46):
        await sender.host.advance(days=1)
    run = await tracking(sender)
    assert (run["http"], run["reason_code"]) == (200, "lost")
    assert 90 <= polls(sender) <= 110, "twice a day, after the first"
    assert [pause_after(poll) for poll in (1, 2, 99)] == [timedelta(hours=1), timedelta(hours=2), MAX_PAUSE]


async def test_a_long_tracking_keeps_a_short_history(sender: Shop):
    await deliver(sender)
    await sender.host.advance(days=5)
    status = await sender.host.operations.status("shipment_tracking.a-1", with_history=True)
    assert status.history is not None
    assert len(status.history) < 20
    assert polls(sender) > 10


async def test_an_order_is_tracked_once_however_often_its_completion_is_delivered(
    sender: Shop, monkeypatch: pytest.MonkeyPatch
):
    await deliver(sender)
    carrier_says(sender, "delivered")
    await sender.host.advance(hours=1)
    await deliver(sender)
    assert (await tracking(sender))["http"] == 200
    assert polls(sender) == 2
    recover_at_once(monkeypatch)
    await sender.host.run("recover_runs")
    assert services().run_repository.intake.open_run("shipment_tracking.a-1") is None


# -- the carrier's events


async def test_a_tracking_event_ends_the_wait_early(sender: Shop):
    await deliver(sender)
    carrier_says(sender, "delivered")
    assert await send_webhook(sender) == (200, {"tracked": True})
    assert (await tracking(sender))["http"] == 200
    assert await send_webhook(sender) == (200, {"tracked": False})


async def test_a_tracking_event_ahead_of_the_carrier_changes_nothing(sender: Shop):
    await deliver(sender)
    for _ in range(3):
        assert await send_webhook(sender) == (200, {"tracked": True})
    assert (await tracking(sender))["http"] == 202
    # Each wakes the run that waits, whose cancelled timer lets it end at once, and then the one that follows it.
    assert polls(sender) == 1 + 3 * 2


@pytest.mark.parametrize("signature", ["hmac-sha256-hex=00", "x", "hmac-sha256-hex=\u00e9"])
async def test_a_forged_tracking_event_is_refused(sender: Shop, signature):
    await deliver(sender)
    status, body = await send_webhook(sender, signature=signature)
    assert (status, body["code"], polls(sender)) == (401, "signature_invalid", 1)


@pytest.mark.parametrize(
    "event",
    [
        {"description": "batch.updated", "result": {}},
        {"description": "tracker.updated", "result": {"tracking_code": "EZ0000000001"}},
        {"description": "tracker.updated", "result": {"tracking_code": "../x"}},
        {"description": "tracker.updated"},
        [],
    ],
)
async def test_a_signed_event_of_another_kind_is_accepted_and_changes_nothing(sender: Shop, event):
    await deliver(sender)
    assert await send_webhook(sender, json.dumps(event).encode()) == (200, {"tracked": False})
    assert polls(sender) == 1


async def test_without_a_secret_every_tracking_event_is_refused(shop: Shop):
    await complete_order(shop)
    await deliver(shop)
    assert (await send_webhook(shop))[0] == 401


# -- what may fail


async def test_a_carrier_that_is_away_is_polled_again_at_the_next_poll(sender: Shop):
    sender.sandbox.fault(operation=POLL, kind="status", status=503)
    await deliver(sender)
    await sender.host.advance(minutes=15)
    assert ((await tracking(sender))["status"], (await order(sender))["parcel"]["status"]) == ("running", None)
    sender.sandbox.clear_faults()
    carrier_says(sender, "delivered")
    await sender.host.advance(hours=2)
    assert (await tracking(sender))["status"] == "completed"


async def test_a_place_that_the_order_repository_did_not_store_is_stored_when_it_is_back(shop: Shop):
    await complete_order(shop)
    carrier_says(shop, "delivered")
    with failing(shop, "record_tracking"):
        await deliver(shop)
        await shop.host.advance(hours=1)
        assert ((await tracking(shop))["status"], (await order(shop))["parcel"]["status"]) == ("running", None)
    await shop.host.advance(hours=1)
    assert ((await tracking(shop))["status"], (await order(shop))["parcel"]["status"]) == ("completed", "delivered")


async def test_tracking_whose_process_died_goes_on(monkeypatch, storage_connection, sandbox, tmp_path):
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox, state=tmp_path / "state.db") as shop:
        await complete_order(shop)
        await deliver(shop)
        await shop.host.restart()
        carrier_says(shop, "delivered")
        await shop.host.advance(hours=1)
        assert ((await tracking(shop))["status"], polls(shop)) == ("completed", 2)


async def test_an_order_without_a_parcel_is_not_tracked(shop: Shop):
    from domain.mail.notification import Notification, NotificationKind

    notification = Notification(
        message_id="b-1.order_completed",
        workflow=PROCESS_ORDER,
        key="b-1",
        kind=NotificationKind.ORDER_COMPLETED,
        email="ada@example.com",
    )
    await shop.host.run("deliver_notification", notification.model_dump_json())
    answer = await shop.get("shipments/b-1")
    assert (answer.status, answer.json()["reason_code"]) == (200, "no_parcel")
