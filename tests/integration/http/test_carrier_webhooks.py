"""The carrier's webhooks: what they report of a parcel is recorded once, whatever comes twice, late, or from elsewhere."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from easypost.easypost_client import EasyPostClient

from domain.errors import StorageUnavailable
from domain.shipping.parcels import Parcel
from sandbox.testing import Sandbox
from services.container import services
from tests.support.order_requests import order_request
from tests.support.shop import Shop, change_settings, running_shop, use_settings

SECRET = "only for tests"
FAR_AHEAD = "9999-12-31T23:59:59Z"


@pytest.fixture
async def sender(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> AsyncIterator[Shop]:
    """Yield a shop that takes the carrier's webhooks, with one order that has completed."""
    use_settings(monkeypatch, storage_connection, sandbox, EASYPOST_WEBHOOK_SECRET=SECRET)
    async with running_shop(sandbox) as running:
        await running.stock("mug", 10)
        assert (await running.post("orders", order_request(order_id="a-1"))).status == 202
        await running.host.run_until_idle()
        yield running


def event(shop: Shop, reported: str, minutes: int = 0, **changes: Any) -> bytes:
    """minutes: after an hour ago, by the carrier's clock."""
    [parcel] = shop.sandbox.parcels("a-1")
    known = services().parcels.find(parcel["tracking_code"])
    assert known is not None
    tracker = {
        "id": known.tracker_id,
        "object": "Tracker",
        "tracking_code": known.code,
        "status": reported,
        "updated_at": (datetime.now(UTC) + timedelta(minutes=minutes - 60)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "shipment_id": known.shipment_id,
    }
    return json.dumps(
        {"description": "tracker.updated", "object": "Event", "id": "evt_1", "result": tracker | changes}
    ).encode()


async def send(shop: Shop, body: bytes, signature: str | None = None) -> tuple[int, Any]:
    signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hmac-Signature": signature or f"hmac-sha256-hex={signed}"}
    answer = await shop.post("webhooks/carriers/easypost", data=body, headers=headers)
    await shop.host.run_until_idle()
    return answer.status, answer.json()


async def status(shop: Shop) -> str | None:
    found: str | None = (await shop.get("orders/a-1")).json()["parcel"]["status"]
    return found


OURS, NOT_OURS = (200, {"tracked": True}), (200, {"tracked": False})


async def test_a_completed_orders_parcel_is_known_by_all_that_the_carrier_calls_it(sender: Shop):
    [sent] = sender.sandbox.parcels("a-1")
    known = services().parcels.find(sent["tracking_code"])
    assert known == Parcel(
        code=sent["tracking_code"],
        order_id="a-1",
        shipment_id=sent["id"],
        tracker_id=sender.sandbox.post("/trackers/a-1", {"status": "unknown"})["id"],
    )
    assert (await status(sender)) is None


async def test_events_in_any_order_and_number_never_move_a_parcel_back(sender: Shop, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO", "shop")
    minutes = {"in_transit": 1, "out_for_delivery": 2, "delivered": 3}
    shown = []
    for each in ("out_for_delivery", "in_transit", "out_for_delivery", "delivered", "in_transit", "delivered"):
        assert await send(sender, event(sender, each, minutes[each])) == OURS
        shown.append(await status(sender))
    assert shown == ["out_for_delivery"] * 3 + ["delivered"] * 3
    assert [json.loads(line)["status"] for line in caplog.messages if "parcel.ended" in line] == ["delivered"]
    assert (await sender.get("orders/a-1")).json()["status"] == "completed"
    assert services().open_parcels.silent(datetime.max.replace(tzinfo=UTC), 10) == []


async def test_a_delivery_that_failed_goes_back_on_its_way_and_a_lost_parcel_may_be_found(sender: Shop):
    await send(sender, event(sender, "out_for_delivery", 1))
    await send(sender, event(sender, "in_transit", 2))
    assert await status(sender) == "in_transit"
    way = (("failure", 3, "lost"), ("in_transit", 3, "lost"), ("in_transit", 4, "in_transit"))
    for theirs, minutes, ours in (*way, ("failure", 5, "lost"), ("return_to_sender", 3, "returned")):
        await send(sender, event(sender, theirs, minutes))
        assert await status(sender) == ours


async def test_a_tracker_that_has_failed_takes_nothing_back(sender: Shop):
    await send(sender, event(sender, "in_transit", 1))
    for minutes, theirs in enumerate(("error", "unknown"), start=2):
        assert await send(sender, event(sender, theirs, minutes)) == OURS
        assert await status(sender) == "in_transit"


async def test_a_report_dated_far_ahead_makes_no_later_one_stale(sender: Shop):
    await send(sender, event(sender, "in_transit", updated_at=FAR_AHEAD))
    for theirs in ("out_for_delivery", "delivered"):
        await send(sender, event(sender, theirs, 61))
        assert await status(sender) == theirs


@pytest.mark.parametrize(
    "changes",
    [
        {"tracking_code": "EZ0000000001"},
        {"tracking_code": "../x"},
        {"id": "trk_of_another_carrier"},
        {"shipment_id": "shp_of_another_shop"},
        {"shipment_id": None},
        {"status": "teleported"},
        {"updated_at": "yesterday"},
    ],
    ids=str,
)
async def test_a_signed_event_about_another_parcel_or_of_another_form_changes_nothing(sender: Shop, changes):
    assert await send(sender, event(sender, "delivered", **changes)) == NOT_OURS
    assert await status(sender) is None


@pytest.mark.parametrize("body", [{"description": "batch.updated", "result": {}}, {"description": "tracker.x"}, [], 1])
async def test_a_signed_event_of_another_kind_is_accepted(sender: Shop, body):
    assert await send(sender, json.dumps(body).encode()) == NOT_OURS


@pytest.mark.parametrize("signature", ["hmac-sha256-hex=00", "x", "hmac-sha256-hex=\u00e9"])
async def test_a_forged_event_is_refused(sender: Shop, signature):
    answer, body = await send(sender, event(sender, "delivered"), signature)
    assert (answer, body["code"], await status(sender)) == (401, "signature_invalid", None)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5_000], ids=lambda body: str(body[:8]))
async def test_a_signed_body_that_cannot_be_read_is_no_event_of_the_carrier(sender: Shop, body: bytes):
    answer, problem = await send(sender, body)
    assert (answer, problem["code"]) == (401, "signature_invalid")


async def test_what_cannot_be_received_is_said_plainly(sender: Shop, monkeypatch: pytest.MonkeyPatch):
    answer, body = await send(sender, b"x" * (256 * 1024 + 1))
    assert (answer, body["code"]) == (413, "body_too_large")
    body = event(sender, "delivered")
    change_settings(monkeypatch, EASYPOST_WEBHOOK_SECRET=None)
    status_without, problem = await send(sender, body)
    assert (status_without, problem["code"]) == (404, "webhook_not_set_up")
    assert "EASYPOST_WEBHOOK_SECRET" in problem["detail"]


async def test_an_event_that_could_not_be_recorded_is_to_be_delivered_again(
    sender: Shop, monkeypatch: pytest.MonkeyPatch
):
    body = event(sender, "delivered")

    def fail(*_: Any) -> bool:
        raise StorageUnavailable("down, because the test says so")

    with monkeypatch.context() as broken:
        broken.setattr(services().open_parcels, "record", fail)
        assert (await send(sender, body))[0] == 503
    assert await send(sender, body) == OURS
    assert await status(sender) == "delivered"


async def test_an_event_wakes_the_watch_of_its_parcel(sender: Shop):
    await sender.post("shipments/a-1/watch")
    await sender.host.run_until_idle()
    sender.sandbox.post("/trackers/a-1", {"status": "delivered"})
    assert (await sender.get("shipments/a-1")).json()["status"] == "running"
    assert await send(sender, event(sender, "delivered", 60)) == OURS
    assert (await sender.get("shipments/a-1")).json()["detail"]["tracking_status"] == "delivered"


@pytest.mark.parametrize("seed", range(3))
async def test_what_the_carrier_delivers_twice_in_any_order_leads_to_one_end(
    sender: Shop, caplog: pytest.LogCaptureFixture, seed: int
):
    """The stand-in of the carrier service sends them, for an order that is known to it from the label on."""
    caplog.set_level("INFO", "shop")
    client = EasyPostClient("EZTK_sandbox", api_base=sender.sandbox.easypost_url)
    url = f"{sender.host.origin}/api/webhooks/carriers/easypost"
    await asyncio.to_thread(client.webhook.create, url=url, webhook_secret=SECRET)
    assert (await sender.post("orders", order_request(order_id="b-1"))).status == 202
    await sender.host.run_until_idle()
    for each in ("in_transit", "out_for_delivery", "delivered"):
        for order_id in ("a-1", "b-1"):
            sender.sandbox.post(f"/trackers/{order_id}", {"status": each})
    delivery = {"copies": 2, "order": "shuffled", "seed": seed}
    delivered = await asyncio.to_thread(sender.sandbox.post, "/webhooks/deliver", delivery)
    assert (set(delivered["answers"]), delivered["waiting"]) == ({200}, 0)
    ended = [json.loads(line) for line in caplog.messages if "parcel.ended" in line]
    assert sorted((line["order_id"], line["status"]) for line in ended) == [("a-1", "delivered"), ("b-1", "delivered")]
    assert await status(sender) == "delivered"


async def test_a_parcel_that_an_earlier_release_watches_is_found(sender: Shop):
    [parcel] = sender.sandbox.parcels("a-1")
    body = event(sender, "delivered")
    table = services().storage.table("parcels")
    for row in table.list_entities():
        table.delete_entity(row)
    table.create_entity({"PartitionKey": "parcel", "RowKey": parcel["tracking_code"], "order_id": "a-1"})
    assert await send(sender, body) == OURS
    assert await status(sender) == "delivered"
