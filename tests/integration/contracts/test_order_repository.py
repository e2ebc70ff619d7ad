"""What every order repository promises of its lists (`domain.repositories.orders.OrderRepository`), on the storage emulator."""

import random
import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.order_index import PARTITIONS, index_rows
from adapters.stores.order_repository import OrderRepository
from domain.errors import StorageUnavailable
from domain.ids import PROCESS_ORDER
from domain.orders.listing import EVERY_ORDER, ListedOrder, OrderFilter
from domain.orders.order import ENDED, MAX_ORDER_LINES, Order, OrderProgress, OrderStatus
from domain.orders.run import settling
from domain.orders.steps import AUTHORISE_PAYMENT, BUY_LABEL
from domain.page import InvalidCursor
from domain.workflows.course import Course
from domain.workflows.run import CloseRun
from domain.workflows.steps import LedgerEntry, Outcome
from settings import StorageLocation
from tests.integration.adapters.examples import ORDER
from tests.integration.adapters.losing import losing_way
from tests.integration.adapters.orders import line, order, progress
from tests.integration.adapters.scripted import Script
from tests.support.orders import NOON

CUSTOMERS = ("ada", "bob", "a")
EMAILS = ("ada@example.com", "Ada@example.com", "bob@example.com")
PRODUCTS = ("mug", "tea", "mug-2")


class Kept(NamedTuple):
    """An order as the test remembers it."""

    order: Order
    status: OrderStatus
    payment_id: str | None
    tracking_code: str | None


@pytest.fixture
def repository(storage: Storage) -> OrderRepository:
    return OrderRepository(storage)


def steps(payment_id: str | None, code: str | None) -> tuple[LedgerEntry, ...]:
    done = ((AUTHORISE_PAYMENT, payment_id), (BUY_LABEL, code))
    return tuple(
        LedgerEntry(step=step, outcome=Outcome.DONE, at=NOON, reference=reference)
        for step, reference in done
        if reference
    )


def paid(order_id: str, status: OrderStatus, payment_id: str | None = None, code: str | None = None) -> OrderProgress:
    return progress(status, order_id, steps=steps(payment_id, code))


def every_order(
    repository: OrderRepository,
    wanted: OrderFilter = EVERY_ORDER,
    limit: int = 50,
) -> list[ListedOrder]:
    orders: list[ListedOrder] = []
    cursor = None
    while True:
        page = repository.list(wanted, cursor=cursor, limit=limit)
        assert len(page.items) <= limit
        orders += page.items
        cursor = page.cursor
        if cursor is None:
            return orders


def every_id(repository: OrderRepository, limit: int = 50, **wanted: Any) -> list[str]:
    return [listed.order_id for listed in every_order(repository, OrderFilter(**wanted), limit)]


def fill(repository: OrderRepository, chance: random.Random, count: int) -> list[Kept]:
    kept = []
    for number in range(count):
        lines = tuple(line(product) for product in chance.sample(PRODUCTS, chance.randint(1, 3)))
        placed = order(
            f"o-{number}",
            customer_id=chance.choice(CUSTOMERS),
            email=chance.choice(EMAILS),
            placed_at=NOON + timedelta(microseconds=chance.randint(0, count)),
            lines=lines,
        )
        repository.accept(placed, "print")
        status = chance.choice((*OrderStatus, OrderStatus.COMPLETED, OrderStatus.COMPLETED))
        payment_id = f"pi_{number}" if status in ENDED else None
        code = f"EZ{number:04}" if status is OrderStatus.COMPLETED else None
        if status is not OrderStatus.ACCEPTED:
            repository.record(paid(f"o-{number}", status, payment_id, code))
        kept.append(Kept(placed, status, payment_id, code))
    return kept


def meets(kept: Kept, wanted: OrderFilter) -> bool:
    placed = kept.order
    return (
        wanted.customer_id in (None, placed.customer_id)
        and (wanted.email is None or wanted.email.lower() == placed.email.lower())
        and (wanted.product_id is None or wanted.product_id in [each.product_id for each in placed.lines])
        and wanted.payment_id in (None, kept.payment_id)
        and (wanted.tracking_code is None or wanted.tracking_code.upper() == kept.tracking_code)
        and wanted.status in (None, kept.status)
        and (wanted.placed_from is None or placed.placed_at >= wanted.placed_from)
        and (wanted.placed_to is None or placed.placed_at < wanted.placed_to)
    )


def some_filter(chance: random.Random, kept: list[Kept]) -> OrderFilter:
    like = chance.choice(kept)

    def perhaps(value: Any) -> Any:
        return value if chance.random() < 0.3 else None

    return OrderFilter(
        customer_id=perhaps(like.order.customer_id),
        email=perhaps(like.order.email.upper()),
        product_id=perhaps(like.order.lines[0].product_id),
        tracking_code=perhaps(like.tracking_code and like.tracking_code.lower()),
        payment_id=perhaps(like.payment_id),
        status=perhaps(like.status),
        placed_from=perhaps(like.order.placed_at),
        placed_to=perhaps(chance.choice(kept).order.placed_at),
    )


def test_every_combination_of_filters_finds_its_orders_newest_first(repository: OrderRepository) -> None:
    chance = random.Random(1)
    kept = fill(repository, chance, 40)
    for _ in range(60):
        wanted = some_filter(chance, kept)
        expected = [each for each in kept if meets(each, wanted)]
        expected.sort(key=lambda each: each.order.order_id)
        expected.sort(key=lambda each: each.order.placed_at, reverse=True)
        limit = chance.choice((1, 3, 50))
        found = every_order(repository, wanted, limit)
        assert [(each.order_id, each.status, each.placed_at, each.total_cents) for each in found] == [
            (each.order.order_id, each.status, each.order.placed_at, each.order.total_cents) for each in expected
        ], (wanted, limit)


def test_what_is_placed_or_changes_between_two_pages_moves_no_other_order(repository: OrderRepository) -> None:
    for number in range(9):
        repository.accept(order(f"o-{number}", placed_at=NOON + timedelta(hours=number)), "print")
    page = repository.list(OrderFilter(status=OrderStatus.ACCEPTED), limit=3)
    seen = [each.order_id for each in page.items]
    repository.accept(order("newer", placed_at=NOON + timedelta(days=1)), "print")
    repository.record(progress(OrderStatus.REJECTED, "o-8"))  # shown before
    repository.record(progress(OrderStatus.REJECTED, "o-6"))  # the one at which the page ended
    repository.record(progress(OrderStatus.REJECTED, "o-3"))  # of the page to come
    while page.cursor is not None:
        page = repository.list(OrderFilter(status=OrderStatus.ACCEPTED), cursor=page.cursor, limit=3)
        seen += [each.order_id for each in page.items]
    assert seen == ["o-8", "o-7", "o-6", "o-5", "o-4", "o-2", "o-1", "o-0"]


@pytest.mark.parametrize(
    "cursor", ["", "?", "bm90IEpTT04", "MQ", "W10", "eyJhIjoxfQ", "eyJQYXJ0aXRpb25LZXkiOjEsIlJvd0tleSI6Mn0"]
)
def test_a_cursor_that_was_never_given_out_is_refused(repository: OrderRepository, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        repository.list(cursor=cursor)


def test_a_cursor_belongs_to_its_filter(repository: OrderRepository) -> None:
    for number in range(3):
        repository.accept(order(f"o-{number}"), "print")
    wanted = OrderFilter(customer_id="ada", placed_from=NOON)
    cursor = repository.list(wanted, limit=1).cursor
    assert cursor is not None
    same = OrderFilter(customer_id="ada", placed_from=datetime.fromisoformat("2026-03-01T13:00:00+01:00"))
    assert len(repository.list(same, cursor=cursor).items) == 2
    for other in (OrderFilter(), OrderFilter(customer_id="bob", placed_from=NOON)):
        with pytest.raises(InvalidCursor):
            repository.list(other, cursor=cursor)


def test_a_filter_is_a_value_and_never_a_query(repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    assert every_id(repository, customer_id="x' or customer_id ne 'x") == []
    assert every_id(repository, customer_id="") == []


def test_an_empty_repository_has_an_empty_list(repository: OrderRepository) -> None:
    page = repository.list()
    assert (list(page.items), page.cursor) == ([], None)


def test_an_order_that_was_started_past_the_repository_is_listed_by_its_status(repository: OrderRepository) -> None:
    repository.record(progress(OrderStatus.COMPLETED))
    assert every_id(repository) == every_id(repository, status=OrderStatus.COMPLETED) == [ORDER]
    assert every_id(repository, placed_from=NOON) == [], "the time at which it was placed is not known"


def test_a_filter_that_few_meet_gives_short_pages_and_loses_none(repository: OrderRepository, storage: Storage) -> None:
    """The index of the customer has more rows than are read for one page."""
    repository.accept(order("needle", placed_at=NOON - timedelta(days=1)), "print")
    table = storage.table("orders")
    for number, partition in enumerate(PARTITIONS):
        row = {
            "PartitionKey": partition,
            "customer_id": "ada",
            "status": "completed",
            "updated_at": NOON,
            "listed_at": NOON,
        }
        rows = [index for each in range(1_050) for index in index_rows({**row, "RowKey": f"x{number}-{each}"}).values()]
        rows = [each for each in rows if "$customer" in each["RowKey"]]
        for start in range(0, len(rows), 100):
            table.submit_transaction([("create", each) for each in rows[start : start + 100]])
    page = repository.list(OrderFilter(customer_id="ada", product_id="mug"), limit=5)
    assert (list(page.items), page.cursor is None) == ([], False)
    assert every_id(repository, limit=5, customer_id="ada", product_id="mug") == ["needle"]


# -- what a page costs, and what a crash leaves


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
    location = f"AccountName=shop;AccountKey=a2V5;TableEndpoint={script.url}/shop"
    repository = OrderRepository(Storage(StorageLocation(connection_string=location)))
    assert every_id(repository, customer_id="ada") == [ORDER]


def test_a_service_that_gives_nothing_but_empty_pages_is_unavailable(script: Script) -> None:
    script.answer("GET /shop/orders()", {"value": []}, headers=MORE)
    location = f"AccountName=shop;AccountKey=a2V5;TableEndpoint={script.url}/shop"
    with pytest.raises(StorageUnavailable):
        OrderRepository(Storage(StorageLocation(connection_string=location))).list()
