"""The index of orders is compared with the orders, bounded and resumable: what a person or a restore has left is mended."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from adapters.azure_storage import table_changes
from adapters.azure_storage.storage import Storage
from adapters.stores.order_index import PARTITIONS, index_rows, partition_of
from adapters.stores.order_index_check import OrderIndexCheck
from adapters.stores.order_repository import OrderRepository
from adapters.stores.parcels import OpenParcels
from domain.orders.listing import OrderFilter
from domain.orders.order import OrderStatus
from domain.shipping.parcels import ParcelReport
from tests.integration.adapters.orders import order, progress
from tests.integration.contracts.kept_orders import every_id, paid
from tests.support.orders import NOON

DAY = timedelta(days=1)
ENDED, PURGED, LIVE = "a-ended", "b-purged", "C-live"
ALL = (ENDED, PURGED, LIVE)


@pytest.fixture
def repository(storage: Storage) -> OrderRepository:
    """Return a repository with an order on its way to the customer, one that is purged, and one under way."""
    repository = OrderRepository(storage)
    for order_id in ALL:
        repository.accept(order(order_id), "print")
    for order_id in (ENDED, PURGED):
        repository.record(paid(order_id, OrderStatus.COMPLETED, f"pi_{order_id}", "EZ1000000"))
        repository.intake.forget(order_id)
    return repository


def rows_of(storage: Storage, order_id: str, beginning: str = "") -> dict[str, Mapping[str, Any]]:
    """Return what stands beside an order and begins so, by key."""
    rows = storage.table("orders").query_entities(f"PartitionKey eq '{partition_of(order_id)}'")
    beside = {row["RowKey"]: row for row in rows if row["RowKey"].lower().endswith(order_id.lower())}
    return {key: dict(row) for key, row in beside.items() if key.startswith(beginning) and key != order_id}


def mend(storage: Storage, now: datetime = NOON) -> list[str]:
    return sorted(set(OrderIndexCheck(storage).mend(now, lambda: True).mended))


def test_lost_and_left_over_rows_are_mended_a_few_rows_a_run(
    storage: Storage, repository: OrderRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.stores.order_index_check._PAGE_ROWS", 3)
    monkeypatch.setattr("adapters.stores.order_index_check._MAX_ROWS", 13)
    purged_rows = rows_of(storage, PURGED, "$")
    repository.purge(PURGED, NOON)
    before = {each: rows_of(storage, each) for each in ALL}
    table = storage.table("orders")
    [listed] = rows_of(storage, ENDED, "$status").values()
    waiting = str(listed["RowKey"]).replace("completed", "accepted")
    for left_over in (*purged_rows.values(), {**listed, "RowKey": waiting, "status": "accepted"}):
        table.upsert_entity(left_over)
    [all_key] = rows_of(storage, LIVE, "$all")
    table.update_entity({"PartitionKey": partition_of(LIVE), "RowKey": all_key, "status": "reserved"})
    lost = [*rows_of(storage, ENDED, "$ended"), *rows_of(storage, ENDED, "$customer")]
    for key in lost:
        table.delete_entity(partition_of(ENDED), key)
    for key in (f"~{LIVE}", f"!{LIVE.lower()}", *rows_of(storage, LIVE, "$product")):
        table.delete_entity(partition_of(LIVE), key)
    assert every_id(repository, status=OrderStatus.ACCEPTED) != [LIVE]

    mended = [mend(storage) for _ in range(4)]
    assert {each for run in mended for each in run} == set(ALL)
    for each in ALL:
        assert set(rows_of(storage, each)) == set(before[each])
    assert rows_of(storage, LIVE)[all_key]["status"] == "accepted"
    assert every_id(repository, status=OrderStatus.ACCEPTED) == [LIVE]
    assert [each.key for each in repository.intake.open_runs(NOON + DAY)] == [LIVE]


def test_what_agrees_stays_and_a_pass_begins_a_day_after_the_last(
    storage: Storage, repository: OrderRepository
) -> None:
    whole = {each: rows_of(storage, each) for each in ALL}
    assert [mend(storage), whole == {each: rows_of(storage, each) for each in ALL}] == [[], True]
    storage.table("orders").delete_entity(partition_of(ENDED), next(iter(rows_of(storage, ENDED, "$ended"))))
    assert [mend(storage, NOON + DAY / 2), mend(storage, NOON + DAY)] == [[], [ENDED]]


def test_a_run_without_time_does_nothing_and_an_account_without_orders_gets_no_row(storage: Storage) -> None:
    OrderRepository(storage).list(OrderFilter())
    check = OrderIndexCheck(storage)
    assert check.mend(NOON, repeat(False).__next__) == check.mend(NOON, repeat(True).__next__) == ([], [])
    assert list(storage.table("orders").list_entities()) == []


def test_an_index_row_of_no_order_is_deleted(storage: Storage, repository: OrderRepository) -> None:
    [row] = rows_of(storage, LIVE, "$status").values()
    for partition in PARTITIONS:
        stray = {**row, "RowKey": f"{row['RowKey']}x", "order_id": f"{LIVE}x"}
        storage.table("orders").upsert_entity({**stray, "PartitionKey": partition})
    assert len(every_id(repository, status=OrderStatus.ACCEPTED)) == 1 + len(PARTITIONS)
    mend(storage)
    assert every_id(repository, status=OrderStatus.ACCEPTED) == [LIVE]


@pytest.mark.parametrize("is_purged", [True, False])
def test_an_open_parcel_of_an_order_that_has_none_goes_with_its_first_poll(
    storage: Storage, repository: OrderRepository, is_purged: bool
) -> None:
    parcels = OpenParcels(storage)
    [key], [left_over] = zip(*rows_of(storage, ENDED, "$open-parcel").items(), strict=True)
    [silent] = [each for each in parcels.silent(NOON.replace(year=9000), 9) if each.order_id == ENDED]
    delivered = ParcelReport.model_validate({"code": silent.code, "status": "delivered"}).seen(NOON)
    if is_purged:
        repository.purge(ENDED, NOON)
    else:
        assert parcels.record(ENDED, delivered, NOON, silent)
    storage.table("orders").upsert_entity(left_over)
    moved = delivered.model_copy(update={"status": "in_transit", "seen_at": NOON + DAY})
    assert not parcels.record(ENDED, moved, NOON, silent)
    assert key not in rows_of(storage, ENDED)


def test_rows_that_a_person_has_deleted_come_back_as_of_now_when_two_change_their_order(
    storage: Storage, repository: OrderRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.table("orders").delete_entity(partition_of(LIVE), next(iter(rows_of(storage, LIVE, "$status"))))
    submit, failures = table_changes.submit, 0

    def submit_amid_another_change(*given: Any) -> bool:
        nonlocal failures
        try:
            return submit(*given)
        except ResourceNotFoundError:
            failures += 1
            monkeypatch.setattr("adapters.stores.rows.submit", submit)
            OrderRepository(storage).record(progress(OrderStatus.FAILED, LIVE))
            raise

    monkeypatch.setattr("adapters.stores.rows.submit", submit_amid_another_change)
    repository.record(progress(OrderStatus.REJECTED, LIVE))
    row = storage.table("orders").get_entity(partition_of(LIVE), LIVE)
    assert (failures, row["status"], set(rows_of(storage, LIVE, "$"))) == (1, "failed", set(index_rows(row)))


@pytest.mark.parametrize("position", ['{"number": 99}', '{"next_at": "2999-01-01T00:00:00Z"}'])
def test_a_position_of_another_release_or_of_a_clock_that_was_ahead_is_forgotten(
    storage: Storage, repository: OrderRepository, position: str
) -> None:
    table = storage.table("orders")
    table.upsert_entity({"PartitionKey": "order-repair", "RowKey": "index-all", "json": position})
    lost = next(iter(rows_of(storage, LIVE, "$all")))
    table.delete_entity(partition_of(LIVE), lost)
    assert mend(storage) == [LIVE]
