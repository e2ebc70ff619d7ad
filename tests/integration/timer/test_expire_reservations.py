import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from adapters.stores.order_index import partition_of
from domain.inventory.requests import ReserveRequest
from services.container import services
from services.inventory import stock
from services.inventory.reconciliation import check_all, reconcile, reconcile_changed
from services.inventory.reservations import release_expired
from services.recovery import runs
from tests.integration.timer.test_purge_history import client_of
from tests.support.order_requests import order_request
from tests.support.shop import Shop
from tests.support.stock import reserve, signal

SCHEDULE = "expire_reservations"
RUN_OUT = timedelta(minutes=-1)


async def stock_of(shop: Shop, product_id: str) -> tuple[int, int]:
    body = (await shop.get(f"inventory/{product_id}")).json()
    return body["available"], body["reserved"]


async def place_waiting_order(shop: Shop) -> None:
    """Place the order `big-1`, which waits for an approval."""
    await shop.stock("piano", 5, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await shop.host.run_until_idle()


async def test_goods_orphaned_reservation_come_back_when_their_time_is_over(shop: Shop):
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "ghost", quantity=3, lasts=RUN_OUT)
    assert await stock_of(shop, "mug") == (7, 3)
    await shop.host.run(SCHEDULE)
    assert await stock_of(shop, "mug") == (10, 0)


async def test_a_reservation_keeps_its_goods_until_its_time_is_over(shop: Shop):
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "ghost", quantity=3)
    await shop.host.run(SCHEDULE)
    assert await stock_of(shop, "mug") == (7, 3)


async def test_an_order_on_its_way_keeps_its_goods_however_long_it_takes(shop: Shop):
    await place_waiting_order(shop)
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "big-1", quantity=3, lasts=RUN_OUT)
    await reserve(shop, "mug", "ghost", quantity=1, lasts=RUN_OUT)
    await shop.host.run(SCHEDULE)
    assert await stock_of(shop, "mug") == (7, 3)


async def test_an_order_that_was_terminated_gives_its_goods_back(shop: Shop):
    await place_waiting_order(shop)
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "big-1", quantity=3, lasts=RUN_OUT)
    await shop.host.operations.terminate("big-1")
    await shop.host.run_until_idle()
    await shop.host.run(SCHEDULE)
    assert await stock_of(shop, "mug") == (10, 0)


async def test_the_timer_reads_the_stocks_that_are_noted_only(shop: Shop, monkeypatch):
    for product_id in ("mug", "beans"):
        await shop.stock(product_id, 10)
    await reserve(shop, "beans", "ghost", quantity=3, lasts=RUN_OUT)
    read: list[str] = []
    real = stock.read_shards

    async def counting(client, product_id):
        read.append(product_id)
        return await real(client, product_id)

    monkeypatch.setattr("services.inventory.reservations.read_shards", counting)
    await shop.host.run(SCHEDULE)
    assert read == ["beans"]


async def test_a_run_that_ends_early_is_gone_on_with_where_it_was(shop: Shop, monkeypatch):
    monkeypatch.setattr("services.inventory.reservations._PAGE_SIZE", 1)
    now = datetime.now(UTC)
    notes, products = services().inventory_notes, ("beans", "mug", "pot")
    for hours, product_id in enumerate(products):
        await shop.stock(product_id, 10)
        notes.note_expiry(product_id, now - timedelta(hours=3 - hours))
    read: list[str] = []
    real = stock.read_shards

    async def ended_at_the_second(client, product_id):
        read.append(product_id)
        if len(read) == 2:
            raise asyncio.CancelledError("ended by the host, because the test says so")
        return await real(client, product_id)

    monkeypatch.setattr("services.inventory.reservations.read_shards", ended_at_the_second)
    with pytest.raises(asyncio.CancelledError):
        await release_expired(client_of(shop), now, lambda: True)
    assert [note.product_id for note in notes.expiring(now)] == ["mug", "pot"]
    await shop.host.run(SCHEDULE)
    assert (read, notes.expiring(now)) == (["beans", "mug", "mug", "pot"], [])


async def test_what_a_run_has_no_time_for_is_left_to_the_next_one(shop: Shop, monkeypatch, caplog):
    monkeypatch.setattr("services.inventory.reservations._PAGE_SIZE", 1)
    now = datetime.now(UTC)
    notes = services().inventory_notes
    for hours, product_id in enumerate(("beans", "mug", "pot")):
        await shop.stock(product_id, 10)
        notes.note_expiry(product_id, now - timedelta(hours=3 - hours))
    await release_expired(client_of(shop), now, partial(next, iter([True, True, True]), False))
    assert [note.product_id for note in notes.expiring(now)] == ["pot"]
    assert "left to the next run" in caplog.text


async def test_a_product_that_there_is_no_time_for_keeps_its_note(shop: Shop):
    for product_id in ("beans", "mug"):
        await shop.stock(product_id, 10)
        await reserve(shop, product_id, "ghost", quantity=3, lasts=RUN_OUT)
    later = datetime.now(UTC) + timedelta(hours=3)
    await release_expired(client_of(shop), later, partial(next, iter([True]), False))
    await shop.host.run_until_idle()
    assert [await stock_of(shop, "beans"), await stock_of(shop, "mug")] == [(10, 0), (7, 3)]
    assert {note.product_id for note in services().inventory_notes.expiring(later)} == {"mug"}


async def test_of_more_expired_reservations_than_a_run_looks_up_each_run_releases_others(shop: Shop, monkeypatch):
    monkeypatch.setattr("services.inventory.reservations._MAX_LOOK_UPS", 2)
    await place_waiting_order(shop)
    await shop.stock("mug", 10)
    for order_id in ("big-1", "ghost-1", "ghost-2", "ghost-3"):
        await reserve(shop, "mug", order_id, quantity=1, lasts=RUN_OUT)
    client, now, left = client_of(shop), datetime.now(UTC), []
    for run in range(4):
        await release_expired(client, now + timedelta(minutes=5 * run), lambda: True)
        await shop.host.run_until_idle()
        left.append((await stock_of(shop, "mug"))[1])
    assert left[0] in {2, 3}, "two were looked up"
    assert left[-1] == 1, "each run looks up others, and the order on its way keeps its goods"


async def test_a_product_that_cannot_be_looked_after_holds_up_no_other_one(shop: Shop, monkeypatch, caplog):
    for product_id in ("beans", "mug"):
        await shop.stock(product_id, 10)
        await reserve(shop, product_id, "ghost", quantity=3, lasts=RUN_OUT)
    real = stock.read_shards

    async def without_beans(client, product_id):
        if product_id == "beans":
            raise ValueError("a state that cannot be read, because the test says so")
        return await real(client, product_id)

    monkeypatch.setattr("services.inventory.reservations._PAGE_SIZE", 1)
    monkeypatch.setattr("services.inventory.reservations.read_shards", without_beans)
    later = datetime.now(UTC) + timedelta(hours=3)
    await release_expired(client_of(shop), later, lambda: True)
    await shop.host.run_until_idle()
    assert [await stock_of(shop, "beans"), await stock_of(shop, "mug")] == [(7, 3), (10, 0)]
    assert [note.product_id for note in services().inventory_notes.expiring(later)] == ["beans"]
    assert "the stock of beans could not be looked after" in caplog.text
    monkeypatch.setattr("services.inventory.reservations.read_shards", real)
    await shop.host.run(SCHEDULE)
    assert await stock_of(shop, "beans") == (10, 0)


async def test_a_reservation_that_was_not_noted_is_found_by_the_nightly_pass(shop: Shop):
    await shop.stock("mug", 10)
    now = datetime.now(UTC)
    request = ReserveRequest(order_id="ghost", quantity=3, expires_at=now + RUN_OUT, now=now)
    await signal(shop, "mug", "reserve", request)
    await shop.host.run(SCHEDULE)
    assert await stock_of(shop, "mug") == (7, 3)
    await shop.host.run("check_every_stock")
    assert await stock_of(shop, "mug") == (10, 0)


async def test_the_nightly_pass_goes_on_where_its_last_run_ended_until_it_is_whole(shop: Shop, monkeypatch):
    monkeypatch.setattr("services.inventory.reconciliation.MAX_PAGE_SIZE", 1)
    for product_id in ("beans", "mug", "pot"):
        await shop.stock(product_id, 10)
        await reserve(shop, product_id, "ghost", quantity=3)
    client, now, found = client_of(shop), datetime.now(UTC), []
    for hours in (0, 1, 2, 3, 21):
        report = await check_all(client, now + timedelta(hours=hours), lambda: False)
        found.append(None if report is None else [drift.product_id for drift in report.drift])
    assert found == [["beans"], ["mug"], ["pot"], None, ["beans"]]


async def test_the_nightly_pass_begins_anew_when_the_last_was_by_a_clock_that_was_ahead(shop: Shop):
    client, now = client_of(shop), datetime.now(UTC)
    assert await check_all(client, now + timedelta(days=30), lambda: True) is not None
    assert await check_all(client, now + timedelta(days=30), lambda: True) is None
    assert await check_all(client, now, lambda: True) is not None


async def test_what_cannot_be_read_keeps_no_other_product_from_being_compared(shop: Shop, monkeypatch, caplog):
    for product_id in ("beans", "mug", "pot"):
        await shop.stock(product_id, 10)
        await reserve(shop, product_id, "ghost", quantity=3)
    await place_waiting_order(shop)
    await reserve(shop, "pot", "big-1", quantity=1)
    orders = services().storage.table("orders")
    orders.upsert_entity({"PartitionKey": partition_of("big-1"), "RowKey": "big-1", "cancellation": "{"})
    real = stock.read_stock

    async def without_beans(client, product_id):
        if product_id == "beans":
            raise ValueError("a state that cannot be read, because the test says so")
        return await real(client, product_id)

    monkeypatch.setattr("services.inventory.reconciliation.read_stock", without_beans)
    report = await reconcile(client_of(shop), datetime.now(UTC), lambda: True)
    assert sorted((drift.product_id, drift.order_id) for drift in report.drift) == [("mug", "ghost"), ("pot", "ghost")]
    assert not report.is_complete
    assert "beans cannot be read" in caplog.text
    assert "big-1 cannot be read" in caplog.text


async def test_a_comparison_without_time_for_all_products_says_so(shop: Shop, monkeypatch):
    monkeypatch.setattr("services.inventory.reconciliation.MAX_PAGE_SIZE", 1)
    for product_id in ("beans", "mug"):
        await shop.stock(product_id, 10)
        await reserve(shop, product_id, "ghost", quantity=3)
    client, now = client_of(shop), datetime.now(UTC)
    report = await reconcile(client, now, lambda: False)
    assert ([drift.product_id for drift in report.drift], report.is_complete) == (["beans"], False)
    report = await reconcile(client, now, lambda: True)
    assert ([drift.product_id for drift in report.drift], report.is_complete) == (["beans", "mug"], True)


async def test_of_more_orders_than_a_run_reads_each_run_compares_others(shop: Shop, monkeypatch):
    monkeypatch.setattr("services.inventory.reconciliation._MAX_OPEN_ORDERS", 1)
    await shop.stock("mug", 10)
    for order_id in ("ghost", "phantom"):
        await reserve(shop, "mug", order_id, quantity=1)
    client, now = client_of(shop), datetime.now(UTC)
    reports = [await reconcile(client, now + timedelta(minutes=minutes), lambda: True) for minutes in range(4)]
    assert [len(report.drift) for report in reports] == [1] * 4
    assert {drift.order_id for report in reports for drift in report.drift} == {"ghost", "phantom"}
    assert not any(report.is_complete for report in reports)


async def test_the_hourly_comparison_leaves_what_it_has_no_time_for_to_the_next_run(shop: Shop, monkeypatch):
    monkeypatch.setattr("services.inventory.reconciliation.MAX_PAGE_SIZE", 1)
    notes, now = services().inventory_notes, datetime.now(UTC)
    notes.looked_at(notes.changed(now + timedelta(hours=2)), now + timedelta(hours=2))
    for hours, product_id in enumerate(("beans", "mug")):
        notes.note_change(product_id, now - timedelta(hours=3 - hours))
    report = await reconcile_changed(client_of(shop), now, lambda: False)
    assert (report.is_complete, [note.product_id for note in notes.changed(now)]) == (False, ["mug"])
    report = await reconcile_changed(client_of(shop), now, lambda: False)
    assert (report.is_complete, notes.changed(now)) == (True, [])


async def test_an_order_notes_its_product_before_it_is_stored(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    later = datetime.now(UTC) + timedelta(days=90)
    notes = services().inventory_notes
    assert {note.product_id for note in notes.expiring(later)} == {"mug"}
    assert {note.product_id for note in notes.changed(later)} == {"mug"}
    notes.looked_at(notes.expiring(later), later)
    assert notes.expiring(later) == []


async def test_the_hourly_comparison_reads_what_was_changed_and_the_nightly_one_everything(shop: Shop, caplog):
    await shop.stock("mug", 10)
    notes, later = services().inventory_notes, datetime.now(UTC) + timedelta(hours=2)
    notes.looked_at(notes.changed(later), later)
    await reserve(shop, "mug", "ghost", quantity=3)
    await shop.host.run("reconcile_inventory")
    assert "inventory drift" not in caplog.text
    await shop.host.run("check_every_stock")
    assert "orphaned_reservation" in caplog.text


@pytest.mark.parametrize("timer", [SCHEDULE, "check_every_stock", "reconcile_inventory", "recover_runs"])
async def test_a_run_that_waits_for_an_answer_that_does_not_come_ends_before_its_worker_is_ended(
    shop: Shop, monkeypatch, caplog, timer: str
):
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "ghost", quantity=3, lasts=RUN_OUT)
    await place_waiting_order(shop)
    monkeypatch.setattr(runs, "ORPHANED_AFTER", timedelta(0))

    async def silent(*_, **__):
        await asyncio.Event().wait()

    monkeypatch.setattr("services.inventory.stock.read_entity", silent)
    monkeypatch.setattr("services.recovery.runs.instance_status", silent)
    monkeypatch.setattr("services.timer_runs.RUN_TIMEOUT_S", 0.1)
    await shop.host.run(timer)
    assert "TimeoutError" in caplog.text
