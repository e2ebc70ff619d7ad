"""Which report of a parcel is the later one, whatever the carrier's clock says."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from domain.shipping.parcels import ParcelReport, SilentParcel
from domain.shipping.tracking import Tracking

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def seen(status: str, dated: datetime | None, at: datetime = NOON) -> Tracking:
    return ParcelReport.model_validate({"code": "EZ1000000001", "status": status, "updated_at": dated}).seen(at)


@pytest.mark.parametrize(("ahead", "is_believed"), [(-400 * DAY, True), (DAY, True), (DAY + MINUTE, False)], ids=str)
def test_a_time_by_the_carriers_clock_counts_unless_it_is_far_ahead(ahead: timedelta, is_believed: bool) -> None:
    assert seen("in_transit", NOON + ahead).updated_at == (NOON + ahead if is_believed else None)


def test_a_time_far_ahead_that_is_stored_freezes_no_parcel() -> None:
    stored = Tracking.model_validate_json(
        '{"code": "EZ1000000001", "status": "in_transit", "seen_at": "2026-03-01T12:00:00Z", "updated_at": "9999-12-31T00:00:00Z"}'
    )
    assert seen("out_for_delivery", NOON + MINUTE, NOON + MINUTE).follows(stored)
    silent = SilentParcel(order_id="a-1", code=stored.code, known=stored, ordered_at=NOON, silent_since=NOON)
    assert silent.silent_days(NOON + 8 * DAY) == 8


@pytest.mark.parametrize("end", ["delivered", "returned", "cancelled"])
def test_an_end_counts_though_a_clock_was_a_day_ahead_before(end: str) -> None:
    ahead = seen("in_transit", NOON + DAY)
    assert not seen("out_for_delivery", NOON).follows(ahead)
    assert seen(end, NOON).follows(ahead)


def test_the_last_report_holds_in_whatever_order_they_come_in() -> None:
    on_its_way = [seen("in_transit", NOON), seen("out_for_delivery", NOON + MINUTE), seen("delivered", NOON + DAY)]
    for reports in itertools.permutations(on_its_way):
        known: Tracking | None = None
        for report in reports:
            known = report if report.follows(known) else known
        assert known == on_its_way[-1]
    assert not seen("returned", NOON + DAY).follows(on_its_way[-1])


@pytest.mark.parametrize(("first", "then"), [("lost", "cancelled"), ("lost", "delivered"), ("cancelled", "returned")])
def test_what_became_of_a_parcel_after_all_counts_and_stays(first: str, then: str) -> None:
    """A lost parcel may be found, and one whose label was cancelled may have been sent all the same."""
    assert seen(then, NOON).follows(seen(first, NOON + MINUTE))
    assert not seen(first, NOON + DAY).follows(seen(then, NOON))


def test_the_shop_calls_a_parcel_lost_after_the_carrier_and_once() -> None:
    by_carrier, by_shop = seen("lost", NOON), seen("lost", None, NOON + DAY)
    assert (by_carrier.is_final, by_shop.is_final) == (False, True)
    assert by_shop.follows(by_carrier)
    assert not by_carrier.follows(by_shop)
    assert not by_shop.follows(by_shop)
    assert not seen("in_transit", NOON + DAY).follows(by_shop)


def test_a_parcel_that_the_carrier_calls_lost_is_on_its_way_again_by_a_later_report_alone() -> None:
    lost = seen("lost", NOON)
    assert seen("in_transit", NOON + MINUTE).follows(lost)
    for late in (seen("in_transit", NOON), seen("out_for_delivery", NOON - MINUTE)):
        assert not late.follows(lost)


@pytest.mark.parametrize("known", ["pre_transit", "in_transit", "lost"])
def test_a_carrier_that_knows_nothing_any_more_takes_nothing_back(known: str) -> None:
    assert not seen("unknown", NOON + DAY).follows(seen(known, NOON))
    assert seen("unknown", NOON + DAY).follows(seen("unknown", NOON))
