"""What every order repository promises of its lists (`domain.repositories.orders.OrderRepository`), on the storage emulator."""

import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.order_index import PARTITIONS, index_rows
from adapters.stores.order_repository import OrderRepository
from domain.orders.listing import OrderFilter
from domain.orders.order import ENDED, Order, OrderStatus
from domain.page import InvalidCursor
from tests.integration.adapters.examples import ORDER
from tests.integration.adapters.orders import line, order, progress
from tests.integration.contracts.kept_orders import every_id, every_order, paid
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
