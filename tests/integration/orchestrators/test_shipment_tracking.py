"""One parcel watched closely: from the request to the parcel's end, polling rarely and missing nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from domain.shipping.tracking import MAX_PAUSE, pause_after
from sandbox.testing import Sandbox
from services.container import services
from tests.invariants.worker_deaths import recover_at_once
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.unreliable import failing

POLL = "trackers.list"


@pytest.fixture
async def sender(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> AsyncIterator[Shop]:
    """Yield a shop with one order that has completed."""
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as running:
        await complete_order(running)
        yield running


async def complete_order(shop: Shop) -> None:
    await shop.stock("mug", 10)
    assert (await shop.post("orders", order_request(order_id="a-1"))).status == 202
    await shop.host.run_until_idle()


async def watch(shop: Shop) -> None:
    """Have the parcel watched."""
    assert (await shop.post("shipments/a-1/watch")).status == 202
    await shop.host.run_until_idle()


def carrier_says(shop: Shop, status: str) -> None:
    shop.sandbox.post("/trackers/a-1", {"status": status})


def polls(shop: Shop) -> int:
    return len(shop.sandbox.calls(operation=POLL))


async def tracking(shop: Shop) -> dict[str, Any]:
    answer = await shop.get("shipments/a-1")
    return {**answer.json(), "http": answer.status}


async def order(shop: Shop) -> dict[str, Any]:
    return dict((await shop.get("orders/a-1")).json())


async def test_no_parcel_is_watched_unless_that_is_asked_for(sender: Shop):
    assert (await order(sender))["status"] == "completed"
    assert (await tracking(sender))["http"] == 404
    assert (await order(sender))["parcel"]["status"] is None


async def test_a_parcel_is_tracked_until_it_has_arrived(sender: Shop):
    await watch(sender)
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
    await watch(sender)
    run = await tracking(sender)
    assert (run["http"], run["status"], run["reason_code"]) == (200, "completed", ours)
    assert (await order(sender))["status"] == "completed"


async def test_the_carrier_is_polled_less_and_less_often_and_a_parcel_without_an_end_is_lost(sender: Shop):
    await watch(sender)
    for _ in range(46):
        await sender.host.advance(days=1)
    run = await tracking(sender)
    assert (run["http"], run["reason_code"]) == (200, "lost")
    assert 90 <= polls(sender) <= 110, "twice a day, after the first"
    assert [pause_after(poll) for poll in (1, 2, 99)] == [timedelta(hours=1), timedelta(hours=2), MAX_PAUSE]


async def test_a_long_tracking_keeps_a_short_history(sender: Shop):
    await watch(sender)
    await sender.host.advance(days=5)
    status = await sender.host.operations.status("shipment_tracking.a-1", with_history=True)
    assert status.history is not None
    assert len(status.history) < 20
    assert polls(sender) > 10


async def test_a_parcel_is_watched_once_however_often_that_is_asked_for(sender: Shop, monkeypatch: pytest.MonkeyPatch):
    await watch(sender)
    carrier_says(sender, "delivered")
    await sender.host.advance(hours=1)
    await watch(sender)
    assert (await tracking(sender))["http"] == 200
    assert polls(sender) == 2
    recover_at_once(monkeypatch)
    await sender.host.run("recover_runs")
    assert services().run_repository.intake.open_run("shipment_tracking.a-1") is None


# -- what may fail


async def test_a_carrier_that_is_away_is_polled_again_at_the_next_poll(sender: Shop):
    sender.sandbox.fault(operation=POLL, kind="status", status=503)
    await watch(sender)
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
        await watch(shop)
        await shop.host.advance(hours=1)
        assert ((await tracking(shop))["status"], (await order(shop))["parcel"]["status"]) == ("running", None)
    await shop.host.advance(hours=1)
    assert ((await tracking(shop))["status"], (await order(shop))["parcel"]["status"]) == ("completed", "delivered")


async def test_tracking_whose_process_died_goes_on(monkeypatch, storage_connection, sandbox, tmp_path):
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox, state=tmp_path / "state.db") as shop:
        await complete_order(shop)
        await watch(shop)
        await shop.host.restart()
        carrier_says(shop, "delivered")
        await shop.host.advance(hours=1)
        assert ((await tracking(shop))["status"], polls(shop)) == ("completed", 2)


async def test_an_order_without_a_parcel_is_not_tracked(shop: Shop):
    await shop.post("shipments/b-1/watch")
    await shop.host.run_until_idle()
    answer = await shop.get("shipments/b-1")
    assert (answer.status, answer.json()["reason_code"]) == (200, "no_parcel")
