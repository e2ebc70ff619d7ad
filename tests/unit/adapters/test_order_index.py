"""Where the rows of an order are stored, and in which order its index rows lie."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from adapters.stores.order_index import PARTITIONS, facts_of_order, index_rows, inverse_time, partition_of, prefix_of
from domain.cards import looks_like_card_number
from domain.orders.listing import OrderFilter
from domain.orders.order import ENDS, MAX_ORDER_LINES, OrderStatus
from tests.support.orders import NOON, placed_order

MAX_TRANSACTION_ROWS = 100
"""Of Table Storage."""


@pytest.mark.parametrize(
    ("order_id", "partition"),
    [("a-1", "order-0"), ("ord-0192d5c1a40-f1d2c3b4a5968778", "order-3"), ("key-abcdefgh", "order-4")],
)
def test_a_stored_order_is_found_where_it_was_stored(order_id: str, partition: str) -> None:
    """Another digest or number of partitions would lose every stored order."""
    assert partition_of(order_id) == partition_of(order_id.upper()) == partition


def test_orders_spread_evenly_over_the_partitions() -> None:
    ids = [f"ord-{number:011x}" for number in range(8_000)]
    counts = [sum(partition_of(each) == partition for each in ids) for partition in PARTITIONS]
    assert min(counts) > 800


def test_the_later_the_time_the_smaller_its_word_to_the_microsecond() -> None:
    chance = random.Random(2)
    times = sorted(NOON + timedelta(microseconds=chance.randint(-(10**15), 10**15)) for _ in range(200))
    times += [times[-1] + timedelta(microseconds=1), datetime.max.replace(tzinfo=UTC)]
    words = [inverse_time(each) for each in times]
    assert all(later < earlier for earlier, later in pairwise(words))
    assert {len(word) for word in words} == {14}
    assert inverse_time(datetime.min.replace(tzinfo=UTC)) == "p" * 14
    assert not any(looks_like_card_number(word) for word in words)


def test_the_largest_order_is_written_in_one_transaction() -> None:
    line = {"quantity": 2, "unit_price_cents": 1_000, "weight_grams": 500}
    largest = placed_order("o-1", lines=[{"product_id": f"p-{number}", **line} for number in range(MAX_ORDER_LINES)])
    facts = {
        **facts_of_order(largest),
        "status": "completed",
        "customer_id": "ada",
        "payment_id": "pi",
        "tracking_code": "EZ",
    }
    rows = index_rows({"PartitionKey": "order-0", "RowKey": "o-1", "placed_at": NOON, "updated_at": NOON, **facts})
    # Beside them: the order, its reminder, its id in lower case, and the index row of the status that it leaves.
    assert len(rows) + 4 <= MAX_TRANSACTION_ROWS


def test_the_index_with_the_fewest_rows_is_read() -> None:
    everything = {
        "payment_id": ("pi_1", "$payment|"),
        "tracking_code": ("ez1", "$parcel|EZ1|"),
        "email": ("ada@example.com", "$email|"),
        "customer_id": ("ada", "$customer|ada|"),
    }
    wanted = {name: value for name, (value, _) in everything.items()} | {
        "product_id": "mug",
        "status": OrderStatus.AWAITING_APPROVAL,
    }
    for name, (_, prefix) in everything.items():
        assert prefix_of(OrderFilter(**wanted)).startswith(prefix)
        del wanted[name]
    assert prefix_of(OrderFilter(**wanted)) == "$status|awaiting_approval|"
    for end in ENDS:
        assert prefix_of(OrderFilter(product_id="mug", status=end)) == "$product|mug|"
    assert prefix_of(OrderFilter(status=OrderStatus.COMPLETED)) == "$status|completed|"
    assert prefix_of(OrderFilter()) == "$all||"
