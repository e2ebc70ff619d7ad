"""The stock ledger: nothing leaks, nothing is sold twice, and every operation may be repeated."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.inventory import movements, requests, reservations
from domain.inventory.requests import MAX_MOVEMENTS
from domain.inventory.stock import Stock
from domain.keyed_changes import KEY_RETENTION
from domain.workflows.steps import Outcome, StepResult
from tests.unit.domain.stock_operations import LATER, NOW, commit, expire, movement, release, reserve


def test_a_reservation_holds_units_and_its_release_gives_them_back():
    held, result = reserve(Stock(available=5), quantity=3)
    assert (held.available, held.reserved, result.outcome) == (2, 3, Outcome.DONE)
    back, result = release(held)
    assert (back.available, back.reserved, result.outcome) == (5, 0, Outcome.DONE)


def test_a_commit_turns_reserved_units_into_sold_ones():
    sold, _ = commit(reserve(Stock(available=5), quantity=3)[0], quantity=3)
    assert (sold.available, sold.reserved, sold.sold) == (2, 0, 3)


@pytest.mark.parametrize(("stock", "code"), [(None, "unknown_product"), (Stock(available=1), "out_of_stock")])
def test_what_is_not_there_is_refused_and_nothing_changes(stock, code):
    after, result = reserve(stock, quantity=2)
    assert (after, result.outcome, result.reason_code) == (stock, Outcome.REFUSED, code)


def test_a_release_that_overtakes_its_reserve_leaves_a_tombstone():
    early, result = release(Stock(available=5))
    assert result.outcome is Outcome.DONE
    after, result = reserve(early)
    assert (after.available, after.reserved, result.reason_code) == (5, 0, "already_settled")


def test_sold_goods_cannot_be_released():
    sold, _ = commit(reserve(Stock(available=5))[0])
    after, result = release(sold)
    assert (after, result.reason_code) == (sold, "already_committed")


def test_a_repeated_delivery_is_added_once():
    request = requests.RestockRequest(requested_at=NOW, key="delivery-1", quantity=10)
    once, _ = movements.restock(None, request)
    twice, _ = movements.restock(once, request)
    assert once.available == twice.available == 10


def test_a_correction_never_takes_promised_goods():
    held, _ = reserve(Stock(available=5), quantity=3)
    after, result = movements.adjust(
        held, requests.AdjustRequest(key="count-1", requested_at=NOW, delta=-3, reason="broken")
    )
    assert (after.available, after.reserved, result.reason_code) == (2, 3, "below_zero")


def test_only_abandoned_reservations_expire():
    stock = Stock(available=10)
    for order_id, expires in (("abandoned", NOW), ("live", NOW), ("fresh", LATER)):
        stock, _ = reserve(stock, order_id, expires_at=expires)
    expired, result = reservations.expire(stock, requests.ExpireRequest(now=NOW, live=("live",)))
    assert set(expired.reservations) == {"live", "fresh"}
    assert (expired.available, result.message) == (8, "1")
    assert reserve(expired, "abandoned")[1].reason_code == "already_settled"


def test_a_commit_after_an_expired_reservation_takes_free_units_or_is_refused():
    expired, _ = expire(reserve(Stock(available=1), expires_at=NOW)[0])
    taken, result = commit(expired)
    assert (taken.available, taken.sold, result.outcome) == (0, 1, Outcome.DONE)
    gone, _ = reserve(expired, "other")
    after, result = commit(gone)
    assert (after.available, after.sold, result.reason_code) == (0, 0, "reservation_lost")
    assert after.backordered == {"a": 1}


def test_backorders_are_filled_when_goods_arrive_an_order_at_a_time():
    owing, _ = commit(commit(Stock(), "a", quantity=3)[0], "b", quantity=1)
    assert commit(owing, "a", quantity=3) == (owing, StepResult()), "backordered once, however often it is repeated"
    few, _ = movements.restock(owing, requests.RestockRequest(requested_at=NOW, key="few", quantity=2))
    assert (few.available, few.sold, few.backordered) == (1, 1, {"a": 3})
    more, _ = movements.adjust(
        few, requests.AdjustRequest(requested_at=NOW, key="found", delta=5, reason="counted again")
    )
    assert (more.available, more.sold, more.backordered) == (3, 4, {})
    assert release(more)[1].reason_code == "already_committed"


def owing_with_a_newcomer(expires_at=LATER):
    """One unit, reserved by a later order, and paid for by an order whose reservation had expired."""
    return commit(reserve(Stock(available=1), "newcomer", expires_at=expires_at)[0], "paid")[0]


def test_released_units_of_a_later_order_fill_backorders():
    back, result = release(owing_with_a_newcomer(), "newcomer")
    assert (back.available, back.sold, back.backordered, result.outcome) == (0, 1, {}, Outcome.DONE)
    assert reserve(back, "next")[1].reason_code == "out_of_stock"


def test_expired_units_of_a_later_order_fill_backorders():
    expired, _ = expire(owing_with_a_newcomer(expires_at=NOW))
    assert (expired.available, expired.reserved, expired.sold, expired.backordered) == (0, 0, 1, {})


def test_units_that_expire_at_once_fill_the_oldest_backorder_first():
    stock, _ = reserve(reserve(Stock(available=3), "x", 1, expires_at=NOW)[0], "y", 2, expires_at=NOW)
    owing, _ = commit(commit(stock, "early", quantity=3)[0], "late", quantity=1)
    assert expire(owing)[0].backordered == {"late": 1}


def test_movements_are_forgotten_after_a_while():
    stock, _ = movements.restock(None, movement())
    expired, _ = reservations.expire(stock, requests.ExpireRequest(now=NOW + KEY_RETENTION))
    assert expired.movements.entries == {}
    repeated = movement(at=NOW + KEY_RETENTION).model_copy(update={"repeated_since": NOW})
    _, result = movements.restock(Stock.from_state(expired.to_state()), repeated)
    assert result.reason_code == "change_forgotten"


def test_the_state_survives_its_storage():
    stock, _ = commit(reserve(reserve(Stock(available=9), "a")[0], "b", 2)[0], "a")
    assert Stock.from_state(stock.to_state()) == stock
    stock, _ = commit(stock, "c", 99)
    assert Stock.from_state(stock.to_state()) == stock
    assert Stock.from_state(None) is None


def test_a_key_counts_once_however_many_others_come_in_between():
    stock, _ = movements.restock(None, movement("first", 10))
    for number in range(300):
        stock, _ = movements.restock(stock, movement(f"other-{number}"))
    again, result = movements.restock(stock, movement("first", 10))
    assert (again, result.outcome, again.available) == (stock, Outcome.DONE, 310)


@pytest.mark.parametrize(
    "other",
    [
        movement("k", 11),
        requests.AdjustRequest(key="k", requested_at=NOW, delta=10, reason="found"),
    ],
)
def test_a_key_that_stands_for_another_movement_is_refused_and_moves_nothing(other):
    stock, _ = movements.restock(None, movement("k", 10))
    apply = movements.restock if isinstance(other, requests.RestockRequest) else movements.adjust
    after, result = apply(stock, other)
    assert (after, result.reason_code) == (stock, "key_reused")


def test_a_correction_that_was_refused_stays_refused_under_its_key():
    request = requests.AdjustRequest(key="count-1", requested_at=NOW, delta=-3, reason="broken")
    refused, _ = movements.adjust(Stock(available=1), request)
    restocked, _ = movements.restock(refused, movement(quantity=10))
    after, result = movements.adjust(restocked, request)
    assert (after.available, result.reason_code) == (11, "below_zero")


def state_bytes(stock):
    return len(json.dumps(stock.to_state()))


def test_as_many_movements_as_may_be_take_few_bytes_whatever_their_reasons_and_refusals():
    stock = Stock(available=1_000)
    for number in range(MAX_MOVEMENTS):
        reason = "\N{BROKEN HEART}" * 200
        request = requests.AdjustRequest(key=f"{number:0100}", requested_at=NOW, delta=-1, reason=reason)
        adjusted, _ = movements.adjust(stock, request)
        assert adjusted is not None
        stock = adjusted
    assert stock.available == 1_000 - MAX_MOVEMENTS
    for number in range(MAX_MOVEMENTS):
        stock, result = movements.restock(stock, movement(f"late-{number}", 1_000_000))
        assert result.reason_code == "too_many_changes"
    assert state_bytes(stock) < 75_000


def test_the_settled_orders_and_those_in_question_take_few_bytes_however_long_their_ids():
    stock, later = Stock(available=1_000), NOW + timedelta(microseconds=1)
    for number in range(200):
        stock, _ = reserve(stock, f"{number:064}", placed_at=later, expires_at=NOW)
    stock, _ = expire(stock)
    for number in range(200, 400):
        stock, _ = release(stock, f"{number:064}", placed_at=later)
    for number in range(400, 600):
        stock, result = reserve(stock, f"{number:064}", placed_at=NOW)
        assert result.reason_code == "settlement_forgotten"
    assert state_bytes(stock) < 25_000


def test_the_work_of_an_expiry_and_of_a_delivery_grows_with_the_orders_and_not_with_their_square(monkeypatch):
    made = Counter[str]()
    monkeypatch.setattr(
        "domain.inventory.stock.replace", lambda *given, **more: made.update(["stock"]) or replace(*given, **more)
    )

    def stocks_made(orders):
        made.clear()
        held = {f"o-{number}": {"quantity": 1, "expires_at": NOW.isoformat()} for number in range(orders)}
        expired, result = expire(Stock(reservations=held))
        assert (expired.available, result.message) == (orders, str(orders))
        owing = Stock(backordered=dict.fromkeys(held, 1))
        assert movements.restock(owing, movement(quantity=orders))[0].sold == orders
        return made["stock"]

    assert stocks_made(200) == stocks_made(100)
