"""What it costs to read and write orders, and what a crash, or an answer without the service's own rows, leaves of them."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.order_index import PARTITIONS, index_rows, inverse_time, partition_of
from adapters.stores.order_repository import OrderRepository
from domain.errors import StorageUnavailable
from domain.ids import PROCESS_ORDER
from domain.orders.listing import OrderFilter
from domain.orders.order import MAX_ORDER_LINES, OrderStatus
from domain.orders.run import settling
from domain.workflows.course import Course
from domain.workflows.run import CloseRun
from domain.workflows.steps import LedgerEntry, Outcome
from settings import StorageLocation
from tests.integration.adapters.examples import ORDER
from tests.integration.adapters.losing import losing_way
from tests.integration.adapters.orders import line, order, progress
from tests.integration.adapters.scripted import Script
from tests.integration.contracts.kept_orders import every_id, every_order, paid, steps
from tests.support.orders import NOON


def test_a_page_is_one_request_to_each_partition(storage_connection: str, repository: OrderRepository) -> None:
    for number in range(100):
        repository.accept(order(f"o-{number}", placed_at=NOON + timedelta(minutes=number)), "print")
    [tables] = re.findall("TableEndpoint=([^;]+)", storage_connection)
    with losing_way(tables) as way:
        detour = OrderRepository(
            Storage(StorageLocation(connection_string=storage_connection.replace(tables, way.url)))
        )
        first = detour.list(limit=40)
        assert way.passed == len(PARTITIONS)
        detour.list(cursor=first.cursor, limit=40)
        assert way.passed == 2 * len(PARTITIONS)
        detour.intake.open_runs(NOON)
        assert way.passed == 3 * len(PARTITIONS)


def test_the_index_costs_an_order_no_request(storage_connection: str, repository: OrderRepository) -> None:
    repository.accept(order("another"), "print")
    [tables] = re.findall("TableEndpoint=([^;]+)", storage_connection)
    with losing_way(tables) as way:
        detour = OrderRepository(
            Storage(StorageLocation(connection_string=storage_connection.replace(tables, way.url)))
        )
        largest = order(lines=tuple(line(f"{number:064}") for number in range(MAX_ORDER_LINES)))
        detour.accept(largest, "print")
        assert way.passed == 1
        detour.record(paid(ORDER, OrderStatus.COMPLETED, "pi_1", "EZ1000000"))
        assert way.passed == 3, "one that reads the row, one that writes it and its 55 index rows"
        detour.intake.forget(ORDER)
        assert way.passed == 4


@pytest.mark.parametrize("code", ["EZ1", "1Z 999-AA/10#?\u00e9", "x" * 51])
def test_a_paid_order_is_recorded_whatever_the_code_of_its_label_looks_like(
    repository: OrderRepository, code: str
) -> None:
    repository.accept(order(), "print")
    repository.record(paid(ORDER, OrderStatus.COMPLETED, "pi_1", code))
    assert [each.status for each in every_order(repository)] == [OrderStatus.COMPLETED]


def whole_life(repository: OrderRepository) -> None:
    """Take an order from its intake to its end, as a caller does who repeats what fails."""
    course = Course(end="failed")
    compensated = LedgerEntry(step="cancel_payment", kind="compensation", outcome=Outcome.DONE, at=NOON)
    left_open = (*steps("pi_1", None), compensated.model_copy(update={"outcome": Outcome.UNKNOWN}))
    repository.accept(order(), "print")
    repository.record(progress(OrderStatus.RESERVED))
    repository.settle_course(settling(course, paid(ORDER, OrderStatus.RESERVED, "pi_1")))
    repository.record(progress(OrderStatus.NEEDS_ATTENTION, steps=left_open))
    repository.close(CloseRun(workflow=PROCESS_ORDER, key=ORDER, end="failed", entry=compensated))
    repository.intake.forget(ORDER)


def index_keys(storage: Storage) -> set[str]:
    return {row["RowKey"] for row in storage.table("orders").list_entities() if row["RowKey"].startswith("$")}


@pytest.mark.parametrize("effect", ["taken", "not taken"])
def test_a_process_that_dies_at_any_request_leaves_lists_that_agree_with_the_row(
    storage_connection: str, storage: Storage, effect: str
) -> None:
    [tables] = re.findall("TableEndpoint=([^;]+)", storage_connection)
    OrderRepository(storage).accept(order("another", customer_id="bob"), "print")
    others = index_keys(storage)
    at = 0
    while True:
        at += 1
        with losing_way(tables) as way:
            # All answers from this one on: to the caller, the process is dead.
            way.dies_at, way.takes_effect = at, effect == "taken"
            dying = OrderRepository(
                Storage(StorageLocation(connection_string=storage_connection.replace(tables, way.url)))
            )
            try:
                whole_life(dying)
            except StorageUnavailable:
                pass
            else:
                break
        row = OrderRepository(storage)._rows.find(ORDER)
        assert index_keys(storage) - others == (set() if row is None else set(index_rows(row)))
    whole_life(OrderRepository(storage))
    repaired = OrderRepository(storage)
    assert every_id(repaired, status=OrderStatus.FAILED) == every_id(repaired, payment_id="pi_1") == [ORDER]
    assert every_id(repaired, status=OrderStatus.NEEDS_ATTENTION) == []
    assert repaired.intake.open_run(ORDER) is None


def test_an_index_row_that_was_deleted_by_hand_comes_back(storage: Storage, repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    table = storage.table("orders")
    for row in list(table.list_entities()):
        if row["RowKey"].startswith("$"):
            table.delete_entity(row)
    assert every_id(repository) == []
    repository.record(progress(OrderStatus.COMPLETED))
    assert (
        every_id(repository)
        == every_id(repository, status=OrderStatus.COMPLETED)
        == every_id(repository, customer_id="ada")
        == [ORDER]
    )
    assert every_id(repository, status=OrderStatus.ACCEPTED) == []


def test_no_key_shows_an_address(storage: Storage, repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    assert not [row for row in storage.table("orders").list_entities() if "ada@example" in row["RowKey"].lower()]


OF_THE_SERVICE = {"x-ms-request-id": "1"}
MORE = {
    **OF_THE_SERVICE,
    "x-ms-continuation-NextPartitionKey": PARTITIONS[0],
    "x-ms-continuation-NextRowKey": "$",
}


def test_a_page_that_the_service_left_empty_is_not_the_end(script: Script) -> None:
    found = {
        "PartitionKey": PARTITIONS[0],
        "RowKey": f"$customer|ada|{'a' * 14}|{ORDER}",
        "order_id": ORDER,
        "customer_id": "ada",
        "status": "completed",
        "updated_at": NOON.isoformat(),
    }
    call = "GET /shop/orders()"
    for _ in PARTITIONS:
        script.answer(call, {"value": []}, headers=MORE)
    script.answer(call, {"value": [found]}, headers=OF_THE_SERVICE)
    script.answer(call, {"value": []}, headers=OF_THE_SERVICE)
    assert every_id(scripted_repository(script), customer_id="ada") == [ORDER]


def test_a_count_goes_on_behind_pages_that_the_service_cut_short(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.stores.order_counts.PARTITIONS", PARTITIONS[:1])
    call = "GET /shop/orders()"
    script.answer(call, {"value": []}, headers=MORE)
    script.answer(call, {"value": [listed_row(1, "accepted")]}, headers=MORE)
    script.answer(call, {"value": [listed_row(2, "accepted")]}, headers=OF_THE_SERVICE)
    assert scripted_repository(script).count(OrderStatus.ACCEPTED) == (2, True)


def test_ends_are_read_in_their_order_however_unevenly_they_lie(repository: OrderRepository) -> None:
    ids = [f"o-{number}" for number in range(400)]
    lying_together = [each for each in ids if partition_of(each) == PARTITIONS[0]][:20]
    elsewhere = [next(each for each in ids if partition_of(each) == partition) for partition in PARTITIONS[1:3]]
    all_ids = [*lying_together[:10], elsewhere[0], *lying_together[10:], elsewhere[1]]
    began = datetime.now(UTC)
    for order_id in all_ids:
        repository.accept(order(order_id), "print")
        repository.record(progress(OrderStatus.COMPLETED, order_id))
    until = datetime.now(UTC) + timedelta(seconds=1)
    assert [each.order_id for each in repository.ended(began, until, 50)] == all_ids
    assert [each.order_id for each in repository.ended(began, until, 15)] == all_ids[:15], (
        "a page has nine of each partition"
    )


def scripted_repository(script: Script) -> OrderRepository:
    location = f"AccountName=shop;AccountKey=a2V5;TableEndpoint={script.url}/shop"
    return OrderRepository(Storage(StorageLocation(connection_string=location)))


def listed_row(number: int, status: str) -> dict[str, str]:
    key = f"$customer|ada|{inverse_time(NOON - timedelta(minutes=number))}|o-{number}"
    known = {"order_id": f"o-{number}", "customer_id": "ada", "status": status, "updated_at": NOON.isoformat()}
    return {"PartitionKey": PARTITIONS[0], "RowKey": key, **known}


@pytest.mark.parametrize("found", [[], [listed_row(7, "rejected")]])
def test_a_service_that_is_too_slow_with_a_condition_is_given_fewer_rows(
    script: Script, monkeypatch: pytest.MonkeyPatch, found: list[dict[str, str]]
) -> None:
    monkeypatch.setattr("adapters.stores.order_list.PARTITIONS", PARTITIONS[:1])
    call, repository = "GET /shop/orders()", scripted_repository(script)
    script.answer(call, {"value": [listed_row(number, "completed") for number in range(5)]}, headers=MORE)
    script.answer(call, {"value": []}, headers=MORE)
    script.answer(call, {"value": found}, headers=MORE)
    script.answer(call, {"value": []}, headers=MORE)
    script.answer(call, {"value": [listed_row(number, "rejected") for number in (8, 9)]}, headers=OF_THE_SERVICE)
    wanted = OrderFilter(customer_id="ada", status=OrderStatus.REJECTED)
    page = repository.list(wanted, limit=3)
    if found:
        assert ([each.order_id for each in page.items], page.cursor is None) == (["o-7"], False)
        page = repository.list(wanted, cursor=page.cursor, limit=3)
    assert ([each.order_id for each in page.items], page.cursor) == (["o-8", "o-9"], None)


def test_a_page_of_few_among_many_is_two_requests_to_each_partition(
    storage_connection: str, storage: Storage, repository: OrderRepository
) -> None:
    """A customer orders every minute for hours, and did once a year before: the oldest of both are rejected."""
    for order_id, hours in (("lately", 3), ("long-ago", 365 * 24)):
        repository.accept(order(order_id, placed_at=NOON - timedelta(hours=hours)), "print")
        repository.record(progress(OrderStatus.REJECTED, order_id))
    table, many = storage.table("orders"), 150
    for partition in PARTITIONS:
        rows = []
        for number in range(many):
            row = {
                "PartitionKey": partition,
                "RowKey": f"x{partition[-1]}-{number}",
                "customer_id": "ada",
                "updated_at": NOON,
            }
            row |= {"status": "completed", "listed_at": NOON - timedelta(minutes=number)}
            rows += [index for key, index in index_rows(row).items() if key.startswith("$customer")]
        for start in range(0, many, 100):
            table.submit_transaction([("create", each) for each in rows[start : start + 100]])
    [tables] = re.findall("TableEndpoint=([^;]+)", storage_connection)
    wanted = OrderFilter(customer_id="ada", status=OrderStatus.REJECTED)
    with losing_way(tables) as way:
        detour = OrderRepository(
            Storage(StorageLocation(connection_string=storage_connection.replace(tables, way.url)))
        )
        first = detour.list(wanted, limit=5)
        assert way.passed <= 2 * len(PARTITIONS)
    assert [each.order_id for each in first.items] == ["lately"]
    assert every_id(repository, limit=5, customer_id="ada", status=OrderStatus.REJECTED) == ["lately", "long-ago"]


def test_a_service_that_gives_nothing_but_empty_pages_is_unavailable(script: Script) -> None:
    script.answer("GET /shop/orders()", {"value": []}, headers=MORE)
    with pytest.raises(StorageUnavailable):
        scripted_repository(script).list()
