import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import azure.durable_functions as df
import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.order_index import partition_of
from domain.ids import order_instance_id
from domain.orders.late_start import START_TIMEOUT
from domain.orders.order import OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from services.container import services
from services.recovery import runs
from services.recovery.orders import OrderRecovery
from services.recovery.runs import ORPHANED_AFTER
from settings import StorageLocation
from tests.integration.timer.test_purge_history import client_of
from tests.support.books import assert_balanced, finish, open_dead_letters
from tests.support.messages import waiting_messages
from tests.support.order_requests import order_request
from tests.support.orders import placed_order
from tests.support.shop import Shop
from tests.support.unreliable import failing
from triggers.timer import recover_runs

SCHEDULE = "recover_runs"

_RUNS_THAT_REACH_THREE = 6
"""At any minute, whichever orders end meanwhile and leave the list shorter: five, steps of the golden ratio apart, may not."""


def enter(order_id: str, *, ago: timedelta) -> None:
    """Enter an order as if the process had died before it could start it."""
    services().order_repository.accept(placed_order(order_id, placed_at=datetime.now(UTC) - ago), "fingerprint")


async def status(shop: Shop, order_id: str) -> str:
    return str((await shop.get(f"orders/{order_id}")).json()["status"])


async def test_an_order_that_was_never_started_is_started_once(shop: Shop):
    await shop.stock("mug", 10)
    enter("a-1", ago=ORPHANED_AFTER * 2)
    for _ in range(3):
        await shop.host.run(SCHEDULE)
    assert await status(shop, "a-1") == "completed"
    assert len(shop.sandbox.payments()) == 1


async def test_an_order_whose_start_may_still_be_under_way_is_left_alone(shop: Shop):
    await shop.stock("mug", 10)
    enter("a-1", ago=ORPHANED_AFTER / 2)
    await shop.host.run(SCHEDULE)
    assert (await shop.get("orders/a-1")).json()["runtimeStatus"] == "Pending"


async def test_an_order_that_was_terminated_half_way_is_left_to_an_operator_whose_replay_settles_it(
    shop: Shop, caplog: pytest.LogCaptureFixture
):
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    enter("a-1", ago=ORPHANED_AFTER * 2)
    await shop.host.run(SCHEDULE)
    assert await status(shop, "a-1") == "authorised"
    await shop.host.operations.terminate("a-1")
    await shop.host.run_until_idle()
    shop.sandbox.clear_faults()
    await shop.host.run(SCHEDULE)
    assert await status(shop, "a-1") == "needs_attention"
    assert "order a-1 needs attention: The instance was terminated." in caplog.text
    await replay_all(shop)
    ended = await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}})
    assert (ended["a-1"]["status"], ended["a-1"]["reason_code"]) == ("failed", "processing_stopped")


async def replay_all(shop: Shop) -> None:
    for dead_letter in await open_dead_letters(shop):
        assert (await shop.post(f"dead-letters/{dead_letter['dead_letter_id']}/replay")).status == 202
    await shop.host.run_until_idle()
    assert await open_dead_letters(shop) == []


START = "dead-letters/a-1.start_order"


@pytest.fixture
async def late(shop: Shop) -> Shop:
    """Yield a shop whose order `a-1` was accepted more than a day ago and never started."""
    await shop.stock("mug", 10)
    enter("a-1", ago=START_TIMEOUT + timedelta(hours=1))
    for _ in range(3):
        await shop.host.run(SCHEDULE)
    return shop


async def test_an_order_that_nothing_started_for_a_day_is_left_to_an_operator(
    late: Shop, caplog: pytest.LogCaptureFixture
):
    (dead_letter,) = (await late.get("dead-letters")).json()["dead_letters"]
    assert (dead_letter["dead_letter_id"], dead_letter["reason_code"]) == ("a-1.start_order", "not_started")
    logged = [record.getMessage() for record in caplog.get_records("setup")]
    assert sum("order a-1: The order was accepted and not started" in line for line in logged) == 1, "not every minute"
    shown = await late.get("orders/a-1")
    order = shown.json()
    assert (shown.status, order["status"], order["reason_code"]) == (202, "accepted", "not_started")
    assert "POST /api/dead-letters/a-1.start_order/replay starts it" in order["message"]
    assert late.sandbox.payments("a-1") == []


async def test_an_operator_starts_it_by_a_replay(late: Shop):
    assert (await late.post(f"{START}/replay")).status == 202
    await late.host.run_until_idle()
    assert (await late.get(START)).json()["state"] == "replayed"
    await late.host.run(SCHEDULE)
    ended = await assert_balanced(late, {"mug": 10}, {"a-1": {"mug": 2}})
    assert (ended["a-1"]["status"], ended["a-1"]["reason_code"]) == ("completed", None)


async def test_an_operator_rejects_it_by_a_resolution(late: Shop):
    resolution = {"resolved_by": "grace", "reason": "the customer bought elsewhere"}
    assert (await late.post(f"{START}/resolve", resolution)).json()["state"] == "resolved"
    await late.host.run_until_idle()
    ended = await assert_balanced(late, {"mug": 10}, {"a-1": {"mug": 2}})
    assert ended["a-1"]["status"] == "cancelled"
    assert any("grace" in (step["message"] or "") for step in ended["a-1"]["steps"])
    assert (await late.post(f"{START}/replay")).status == 409


async def test_its_customer_cancels_it_meanwhile(late: Shop):
    assert (await late.post("orders/a-1/cancellation", {"requested_by": "ada"})).status == 202
    await late.host.run(SCHEDULE)
    await late.host.run_until_idle()
    ended = await assert_balanced(late, {"mug": 10}, {"a-1": {"mug": 2}})
    assert (ended["a-1"]["status"], ended["a-1"]["reason_code"]) == ("cancelled", "cancelled")
    assert (await late.get(START)).json()["resolution"] == {"resolved_by": "ada", "reason": "cancelled"}
    replayed = await late.post(f"{START}/replay")
    assert (replayed.status, replayed.json()["code"]) == (409, "closed")


async def test_an_end_that_was_not_recorded_is_recorded_and_can_be_closed(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "ORPHANED_AFTER", ORPHANED_AFTER * 0)
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse")
    shop.sandbox.fault(operation="shipments.refund", kind="refuse", next=1)
    with failing(shop, "record_run"):
        await shop.post("orders", order_request(order_id="a-1"))
        await finish(shop)
    (dead_letter,) = await open_dead_letters(shop)
    address = f"dead-letters/{dead_letter['dead_letter_id']}"
    resolution = {"resolved_by": "ann", "reason": "the label was sent back"}
    assert (await shop.post(f"{address}/replay")).status == 202
    await shop.host.run_until_idle()
    assert services().order_repository.get("a-1").status == "shipping_booked", "its end is not recorded"
    assert (await shop.post(f"{address}/resolve", resolution)).status == 409, "its replay waits for the repository"
    await shop.host.run(SCHEDULE)
    assert services().order_repository.get("a-1").status == "needs_attention"
    await shop.host.advance(minutes=1)
    assert (await status(shop, "a-1"), await open_dead_letters(shop)) == ("failed", [])
    assert services().order_repository.get("a-1").status == "failed"


async def test_the_end_of_an_order_that_waited_for_approval_is_entered_too(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "ORPHANED_AFTER", ORPHANED_AFTER * 0)
    await shop.stock("piano", 1, unit_price_cents=500_000)
    lines = [{"product_id": "piano", "quantity": 1}]
    await shop.post("orders", order_request(order_id="a-1", lines=lines))
    await shop.host.run_until_idle()
    await shop.host.run(SCHEDULE)
    assert services().order_repository.get("a-1").status == "awaiting_approval", "it is still on its way"
    with failing(shop, "record_run"):
        await shop.post("orders/a-1/approval", {"decision": "rejected", "approver": "ann"})
        await finish(shop)
    await shop.host.run(SCHEDULE)
    assert services().order_repository.get("a-1").status == "rejected"


async def test_what_a_run_has_no_time_for_is_left_to_the_next_ones_and_no_order_is_always_the_last(
    shop: Shop, caplog: pytest.LogCaptureFixture
):
    await shop.stock("mug", 10)
    orders = [f"a-{number}" for number in range(3)]
    for order_id in orders:
        enter(order_id, ago=ORPHANED_AFTER * 2)
    now = datetime.now(UTC)
    for minutes in range(_RUNS_THAT_REACH_THREE):
        only_one = iter([True])
        later = now + timedelta(minutes=minutes)
        await OrderRecovery().recover(client_of(shop), later, partial(next, only_one, False))
    await shop.host.run_until_idle()
    assert [await status(shop, each) for each in orders] == ["completed"] * 3
    assert "2 open runs are left to the next run of the timer" in caplog.messages


async def test_an_order_that_cannot_be_read_does_not_delay_the_start_of_others(
    shop: Shop, storage_location: StorageLocation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    await shop.stock("mug", 10)
    for order_id in ("a-1", "a-2", "a-3"):
        enter(order_id, ago=ORPHANED_AFTER * 2)
    changed = {"PartitionKey": partition_of("a-1"), "RowKey": "a-1", "status": "a status of a later release"}
    Storage(storage_location).table("orders").update_entity(changed)
    ask = df.DurableOrchestrationClient.get_status

    async def fail_for_one(client: df.DurableOrchestrationClient, instance_id: str, **asked: Any) -> Any:
        if instance_id == order_instance_id("a-2"):
            raise RuntimeError("status 500, because the test says so")
        return await ask(client, instance_id, **asked)

    with monkeypatch.context() as patch:
        patch.setattr(df.DurableOrchestrationClient, "get_status", fail_for_one)
        await shop.host.run(SCHEDULE)
    assert await status(shop, "a-3") == "completed"
    complaints = {f"{order_id} could not be looked after; it will be again" for order_id in ("a-1", "a-2")}
    assert complaints <= {record.getMessage() for record in caplog.records}
    await shop.host.run(SCHEDULE)
    assert await status(shop, "a-2") == "completed"


async def test_an_order_that_ends_while_it_is_checked_is_left_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(runs, "ORPHANED_AFTER", ORPHANED_AFTER * 0)
    await shop.stock("mug", 10)
    with failing(shop, "record_run"):
        await shop.post("orders", order_request(order_id="a-1"))
        await finish(shop)
    ask = df.DurableOrchestrationClient.get_status
    seen: list[OrderRow | None] = []

    async def see_its_end(client: df.DurableOrchestrationClient, instance_id: str, **asked: Any) -> Any:
        instance = await ask(client, instance_id, **asked)
        await asyncio.to_thread(services().order_repository.record, OrderProgress.model_validate(instance.output))
        seen.append(await asyncio.to_thread(services().order_repository.get, "a-1"))
        return instance

    monkeypatch.setattr(df.DurableOrchestrationClient, "get_status", see_its_end)
    await shop.host.run(SCHEDULE)
    assert [services().order_repository.get("a-1")] == seen, "written once"
    assert "order a-1" not in caplog.text


async def test_what_was_left_behind_of_an_order_that_has_ended_is_taken_away(shop: Shop):
    enter("a-1", ago=ORPHANED_AFTER * 2)
    ended = OrderProgress(order_id="a-1", status=OrderStatus.REJECTED, succeeded=False, message="Rejected.")
    services().order_repository.record(ended)
    await shop.host.run(SCHEDULE)
    assert services().order_repository.intake.open_runs(datetime.now(UTC)) == []
    assert [message["kind"] for message in waiting_messages()] == ["order_rejected"], "its process died over it"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the timer run this much after the present time of the machine."""

    def set_clock(**time: int) -> None:
        clock = SimpleNamespace(now=lambda tz: datetime.now(tz) + timedelta(**time))
        monkeypatch.setattr(recover_runs, "datetime", clock)

    return set_clock


async def stand_still(shop: Shop) -> None:
    """Place an order whose provider is away: its next attempt never comes, for the host's clock stands still."""
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    await shop.post("orders", order_request(order_id="a-1"))
    await shop.host.run_until_idle()
    shop.sandbox.clear_faults()


async def test_an_order_that_stands_still_for_hours_is_left_to_an_operator(
    shop: Shop, later: Callable[..., None], caplog: pytest.LogCaptureFixture
):
    await stand_still(shop)
    for hours in (2, 3, 7):
        later(hours=hours)
        await shop.host.run(SCHEDULE)
        assert await status(shop, "a-1") == "authorised", "it may still go on"
    assert caplog.text.count("order a-1 stands still since") == 1
    later(hours=9)
    await shop.host.run(SCHEDULE)
    assert await status(shop, "a-1") == "needs_attention"
    assert "order a-1 needs attention: The instance stands still." in caplog.text
    await replay_all(shop)
    assert await status(shop, "a-1") == "failed"
    await shop.host.advance(hours=1)
    ended = await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}})
    assert ended["a-1"]["status"] == "failed", "the instance went on after all, and changed nothing"


async def test_after_an_outage_every_order_has_its_time_again(shop: Shop, later: Callable[..., None]):
    await stand_still(shop)
    later(hours=9)
    await shop.host.run(SCHEDULE)
    await shop.host.advance(hours=1)
    assert await status(shop, "a-1") == "completed"


async def test_an_order_that_waits_for_its_approval_does_not_stand_still(shop: Shop, later: Callable[..., None]):
    await shop.stock("piano", 1, unit_price_cents=500_000)
    lines = [{"product_id": "piano", "quantity": 1}]
    await shop.post("orders", order_request(order_id="a-1", lines=lines))
    await shop.host.run_until_idle()
    for hours in (12, 23):
        later(hours=hours)
        await shop.host.run(SCHEDULE)
    assert await status(shop, "a-1") == "awaiting_approval"
