from dataclasses import replace
from typing import Any

import pytest

from domain.inventory.reconciliation import DriftKind, LiveOrder, find_drift
from domain.inventory.stock import Stock

AT = "2026-03-01T12:00:00+00:00"


def stock(reserved: dict[str, int] | None = None, settled: dict[str, Any] | None = None) -> Stock:
    reservations = {order: {"quantity": quantity, "expires_at": AT} for order, quantity in (reserved or {}).items()}
    found = Stock.from_state(
        {
            "available": 10,
            "sold": 0,
            "reservations": reservations,
            "settled": {order: {"how": how, "at": AT} for order, how in (settled or {}).items()},
            "movements": {},
        }
    )
    assert found is not None
    return found


def wants(quantity: int, *, has_reserved: bool = True) -> LiveOrder:
    return LiveOrder(lines={"mug": quantity}, has_reserved=has_reserved)


def drift(mugs: Stock, live: dict[str, LiveOrder]) -> list[tuple[DriftKind, str, int, int]]:
    return [(each.kind, each.order_id, each.reserved, each.expected) for each in find_drift({"mug": mugs}, live)]


def test_an_order_that_holds_what_it_wants_is_no_drift():
    assert drift(stock({"a": 2}), {"a": wants(2)}) == []


def test_units_reserved_for_an_order_that_has_ended_are_drift():
    assert drift(stock({"a": 2}), {}) == [(DriftKind.ORPHANED_RESERVATION, "a", 2, 0)]


def test_anquantity_differs_than_wanted_is_drift():
    assert drift(stock({"a": 2}), {"a": wants(3)}) == [(DriftKind.QUANTITY_DIFFERS, "a", 2, 3)]


def test_an_order_whose_lines_are_not_known_is_believed():
    assert drift(stock({"a": 2}), {"a": LiveOrder(lines=None, has_reserved=True)}) == []


def test_an_order_that_counts_on_units_it_does_not_hold_is_drift():
    assert drift(stock(), {"a": wants(3)}) == [(DriftKind.MISSING_RESERVATION, "a", 0, 3)]


def test_an_order_that_has_not_reserved_yet_is_no_drift():
    assert drift(stock(), {"a": wants(3, has_reserved=False)}) == []


@pytest.mark.parametrize(("how", "is_drift"), [("released", False), ("committed", False), ("expired", True)])
def test_units_that_an_order_released_itself_are_no_drift(how, is_drift):
    assert bool(drift(stock(settled={"a": how}), {"a": wants(3)})) is is_drift


def test_backordered_units_are_drift_whether_or_not_their_order_still_runs():
    owing = replace(stock(), backordered={"a": 3})
    assert (
        drift(owing, {})
        == drift(owing, {"a": LiveOrder(lines=None, has_reserved=True)})
        == [(DriftKind.BACKORDERED, "a", 0, 3)]
    )
