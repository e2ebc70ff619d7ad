"""Which labels an order uses, and how far their comparison has come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.ids import order_of_reference, provider_reference
from domain.orders.label_use import label_use
from domain.orders.order import ENDS, OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from domain.shipping.labels import CarrierLabel, LabelPosition, LabelUse
from domain.workflows.steps import LedgerEntry, Outcome

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LABEL = CarrierLabel(shipment_id="shp_1", order_id="a-1", is_paid=True, is_used=False)


def announced(*shipment_ids: str | None) -> OrderProgress:
    steps = [
        LedgerEntry(step="create_shipment", kind="step", outcome=Outcome.DONE, at=NOW, reference=shipment_id)
        for shipment_id in shipment_ids
    ]
    return OrderProgress(order_id="a-1", status=OrderStatus.COMPLETED, message="", steps=tuple(steps))


def row(status: OrderStatus, result: OrderProgress | None = None) -> OrderRow:
    return OrderRow(order_id="a-1", status=status, updated_at=NOW, result=result)


@pytest.mark.parametrize("status", OrderStatus)
def test_only_an_order_that_has_ended_without_goods_has_no_use_for_its_own_label(status: OrderStatus) -> None:
    use = label_use(LABEL, row(status, announced("shp_1")))
    if status is OrderStatus.COMPLETED:
        assert use is LabelUse.IN_USE
    else:
        assert use is (LabelUse.UNUSED if status in ENDS else LabelUse.OPEN)


@pytest.mark.parametrize(
    ("result", "use"),
    [
        (announced("shp_1"), LabelUse.IN_USE),
        (announced("shp_2", "shp_1"), LabelUse.IN_USE),
        (announced("shp_1", "shp_2"), LabelUse.UNUSED),
        (announced("shp_2"), LabelUse.UNUSED),
        (announced("shp_2", None), LabelUse.UNUSED),
        (announced(), LabelUse.IN_USE),  # nothing says which label is its own
        (None, LabelUse.IN_USE),
    ],
)
def test_a_completed_order_uses_the_label_of_its_last_shipment(result: OrderProgress | None, use: LabelUse) -> None:
    assert label_use(LABEL, row(OrderStatus.COMPLETED, result)) is use


@pytest.mark.parametrize("result", [announced(), None])
def test_what_an_operator_may_have_decided_before_an_order_was_purged_is_left_to_one(
    result: OrderProgress | None,
) -> None:
    assert label_use(LABEL, row(OrderStatus.FAILED, result)) is LabelUse.UNKNOWN_ORDER


def test_a_label_without_an_order_is_of_an_unknown_one() -> None:
    assert label_use(LABEL, None) is LabelUse.UNKNOWN_ORDER


@pytest.mark.parametrize("namespace", ["", "shop", "shop.hub"])
def test_the_order_of_a_reference_is_that_which_it_was_made_of(namespace: str) -> None:
    assert order_of_reference(namespace, provider_reference(namespace, "a-1")) == "a-1"
    for other in (None, "", "other.hub.a-1", "shop.hub.", "shop.hub.x.a-1", ".a-1"):
        assert order_of_reference(namespace, other) is None or namespace == ""
    assert order_of_reference("shop.hub", "a-1") is None
    assert order_of_reference("shop", "shop.hub.a-1") is None


def reading(position: LabelPosition, until: datetime = NOW) -> LabelPosition:
    return position.reading_to(until, first_period=30 * DAY, margin=timedelta(minutes=10), interval=HOUR)


@pytest.mark.parametrize(
    ("position", "since"),
    [
        ({}, NOW - 30 * DAY),
        ({"read_until": NOW - HOUR}, NOW - HOUR - timedelta(minutes=10)),
        ({"read_until": NOW + DAY}, NOW - 30 * DAY),  # a clock was ahead
        ({"read_until": NOW - DAY, "since": NOW, "until": NOW + DAY, "cursor": "shp_1"}, NOW - 30 * DAY),
    ],
)
def test_a_span_begins_where_the_last_one_ended(position: dict[str, Any], since: datetime) -> None:
    begun = reading(LabelPosition(**position))
    assert (begun.since, begun.until, begun.cursor, begun.has_more) == (since, NOW, None, True)


@pytest.mark.parametrize(
    "position",
    [
        {"read_until": NOW - HOUR + timedelta(seconds=1)},
        {"read_until": NOW - 9 * DAY, "since": NOW - 9 * DAY, "until": NOW - 8 * DAY, "cursor": "shp_1"},
        {"read_until": NOW - 9 * DAY, "is_looking_again": True, "watched_cursor": "x"},
    ],
)
def test_nothing_new_is_begun_too_soon_or_before_the_last_is_whole(position: dict[str, Any]) -> None:
    assert reading(LabelPosition(**position)) == LabelPosition(**position)


def test_a_span_is_whole_with_its_last_page_and_then_the_watched_labels_follow() -> None:
    first = reading(LabelPosition()).after_page("shp_9")
    assert (first.cursor, first.read_until, first.until) == ("shp_9", None, NOW)
    whole = first.after_page(None)
    assert whole == LabelPosition(read_until=NOW, is_looking_again=True)
    assert whole.after_watched("x").has_more
    assert whole.after_watched("x").after_watched(None) == LabelPosition(read_until=NOW)
