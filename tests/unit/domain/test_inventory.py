"""The stock ledger: nothing leaks, nothing is sold twice, and every operation may be repeated."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.inventory import requests
from domain.inventory import stock as rules
from domain.inventory.stock import Stock
from domain.keyed_changes import KEY_RETENTION
from domain.workflows.steps import Outcome, StepResult

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def reserve(stock, order_id="a", quantity=1, now=NOW, expires_at=LATER):
    request = requests.ReserveRequest(order_id=order_id, quantity=quantity, expires_at=expires_at, now=now)
    return rules.reserve(stock, request)


def release(stock, order_id="a", now=NOW):
    return rules.release(stock, requests.ReleaseRequest(order_id=order_id, now=now))


def commit(stock, order_id="a", quantity=1, now=NOW, placed_at=NOW):
    request = requests.CommitRequest(order_id=order_id, quantity=quantity, placed_at=placed_at, now=now)
    return rules.commit(stock, request)


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
    once, _ = rules.restock(None, request)
    twice, _ = rules.restock(once, request)
    assert once.available == twice.available == 10


def test_a_correction_never_takes_promised_goods():
    held, _ = reserve(Stock(available=5), quantity=3)
    after, result = rules.adjust(
        held, requests.AdjustRequest(key="count-1", requested_at=NOW, delta=-3, reason="broken")
    )
    assert (after.available, after.reserved, result.reason_code) == (2, 3, "below_zero")


def test_only_abandoned_reservations_expire():
    stock = Stock(available=10)
    for order_id, expires in (("abandoned", NOW), ("live", NOW), ("fresh", LATER)):
        stock, _ = reserve(stock, order_id, expires_at=expires)
    expired, result = rules.expire(stock, requests.ExpireRequest(now=NOW, live=("live",)))
    assert set(expired.reservations) == {"live", "fresh"}
    assert (expired.available, result.message) == (8, "1")
    assert reserve(expired, "abandoned")[1].reason_code == "already_settled"


def test_a_commit_after_an_expired_reservation_takes_free_units_or_is_refused():
    expired, _ = rules.expire(reserve(Stock(available=1), expires_at=NOW)[0], requests.ExpireRequest(now=NOW))
    taken, result = commit(expired)
    assert (taken.available, taken.sold, result.outcome) == (0, 1, Outcome.DONE)
    gone, _ = reserve(expired, "other")
    after, result = commit(gone)
    assert (after.available, after.sold, result.reason_code) == (0, 0, "reservation_lost")
    assert after.backordered == {"a": 1}


def test_backorders_are_filled_when_goods_arrive_an_order_at_a_time():
    owing, _ = commit(commit(Stock(), "a", quantity=3)[0], "b", quantity=1)
    assert commit(owing, "a", quantity=3) == (owing, StepResult()), "backordered once, however often it is repeated"
    few, _ = rules.restock(owing, requests.RestockRequest(requested_at=NOW, key="few", quantity=2))
    assert (few.available, few.sold, few.backordered) == (1, 1, {"a": 3})
    more, _ = rules.adjust(few, requests.AdjustRequest(requested_at=NOW, key="found", delta=5, reason="counted again"))
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
    expired, _ = rules.expire(owing_with_a_newcomer(expires_at=NOW), requests.ExpireRequest(now=NOW))
    assert (expired.available, expired.reserved, expired.sold, expired.backordered) == (0, 0, 1, {})


def test_units_that_expire_at_once_fill_the_oldest_backorder_first():
    stock, _ = reserve(reserve(Stock(available=3), "x", 1, expires_at=NOW)[0], "y", 2, expires_at=NOW)
    owing, _ = commit(commit(stock, "early", quantity=3)[0], "late", quantity=1)
    assert rules.expire(owing, requests.ExpireRequest(now=NOW))[0].backordered == {"late": 1}


def test_settled_orders_and_movements_are_forgotten_after_a_while_so_that_the_state_stays_small():
    settled, _ = release(reserve(Stock(available=1))[0])
    settled, _ = rules.restock(settled, movement())
    request = requests.ExpireRequest(now=NOW + max(rules.SETTLEMENT_RETENTION, KEY_RETENTION))
    expired, _ = rules.expire(settled, request)
    assert (expired.settled, expired.movements.entries) == ({}, {})


def test_a_repeated_commit_sells_nothing_once_its_settlement_is_forgotten(monkeypatch):
    monkeypatch.setattr(rules, "MAX_SETTLEMENTS", 2)
    stock = Stock(available=10)
    for order_id in ("a", "b", "c"):
        stock, _ = commit(reserve(stock, order_id)[0], order_id)
    assert "a" not in stock.settled
    again, result = commit(stock, "a", now=LATER)
    assert (again, result.reason_code) == (stock, "settlement_forgotten")


def test_settlements_forgotten_by_time_are_not_sold_again_either_while_later_orders_are():
    sold, _ = commit(reserve(Stock(available=9))[0])
    stock, _ = rules.expire(sold, requests.ExpireRequest(now=NOW + rules.SETTLEMENT_RETENTION))
    assert Stock.from_state(stock.to_state()) == stock
    assert commit(stock)[1].reason_code == "settlement_forgotten"
    lost, result = commit(stock, "later", placed_at=LATER)
    assert (lost.sold, result.outcome) == (2, Outcome.DONE)
    reserved, result = commit(reserve(stock, "slow")[0], "slow")
    assert (reserved.sold, result.outcome) == (2, Outcome.DONE), "its reservation proves that it was not sold"


def test_the_state_survives_its_storage():
    stock, _ = commit(reserve(reserve(Stock(available=9), "a")[0], "b", 2)[0], "a")
    assert Stock.from_state(stock.to_state()) == stock
    stock, _ = commit(stock, "c", 99)
    assert Stock.from_state(stock.to_state()) == stock
    assert Stock.from_state(None) is None


def movement(key="k", quantity=1, at=NOW):
    return requests.RestockRequest(key=key, requested_at=at, quantity=quantity)


def test_a_key_counts_once_however_many_others_come_in_between():
    stock, _ = rules.restock(None, movement("first", 10))
    for number in range(300):
        stock, _ = rules.restock(stock, movement(f"other-{number}"))
    again, result = rules.restock(stock, movement("first", 10))
    assert (again, result.outcome, again.available) == (stock, Outcome.DONE, 310)


@pytest.mark.parametrize(
    "other",
    [
        movement("k", 11),
        requests.AdjustRequest(key="k", requested_at=NOW, delta=10, reason="found"),
    ],
)
def test_a_key_that_stands_for_another_movement_is_refused_and_moves_nothing(other):
    stock, _ = rules.restock(None, movement("k", 10))
    apply = rules.restock if isinstance(other, requests.RestockRequest) else rules.adjust
    after, result = apply(stock, other)
    assert (after, result.reason_code) == (stock, "key_reused")


def test_a_correction_that_was_refused_stays_refused_under_its_key():
    request = requests.AdjustRequest(key="count-1", requested_at=NOW, delta=-3, reason="broken")
    refused, _ = rules.adjust(Stock(available=1), request)
    restocked, _ = rules.restock(refused, movement(quantity=10))
    after, result = rules.adjust(restocked, request)
    assert (after.available, result.reason_code) == (11, "below_zero")


class AnyOrderOfOperations(RuleBasedStateMachine):
    """Whatever orders do to one product, in any order and however often: units are neither made nor lost.

    Every operation comes twice.
    """

    orders = st.sampled_from("abcdefgh")

    def __init__(self):
        super().__init__()
        self.stock = rules.restock(None, requests.RestockRequest(requested_at=NOW, key="first", quantity=20))[0]
        self.stocked = 20
        self.now = NOW

    def _apply(self, operation):
        self.stock, _ = operation(self.stock)
        assert operation(self.stock)[0] == self.stock, "a repeat changes nothing"

    @rule(order_id=orders, quantity=st.integers(1, 12))
    def reserve(self, order_id, quantity):
        expires_at = self.now + timedelta(minutes=5)
        self._apply(lambda stock: reserve(stock, order_id, quantity, self.now, expires_at))

    @rule(order_id=orders)
    def release(self, order_id):
        self._apply(lambda stock: release(stock, order_id, self.now))

    @rule(order_id=orders, quantity=st.integers(1, 12))
    def commit(self, order_id, quantity):
        self._apply(lambda stock: commit(stock, order_id, quantity, self.now))

    @rule(order_id=orders, missing=st.integers(1, 3))
    def commit_more_than_there_is(self, order_id, missing):
        quantity = self.stock.available + missing
        self._apply(lambda stock: commit(stock, order_id, quantity, self.now))

    @rule(key=st.sampled_from(["k1", "k2"]), quantity=st.integers(1, 9))
    def restock(self, key, quantity):
        request = requests.RestockRequest(key=key, requested_at=self.now, quantity=quantity)
        self.stocked += quantity if self._is_new(request) else 0
        self._apply(lambda stock: rules.restock(stock, request))

    @rule(key=st.sampled_from(["k3", "k4"]), delta=st.integers(-9, 9))
    def adjust(self, key, delta):
        request = requests.AdjustRequest(key=key, requested_at=self.now, delta=delta, reason="counted")
        is_refused = self.stock.available + delta < 0
        self.stocked += delta if self._is_new(request) and not is_refused else 0
        self._apply(lambda stock: rules.adjust(stock, request))

    def _is_new(self, request):
        return self.stock.movements.answered(request) is None

    @rule(minutes=st.integers(1, 10), live=st.lists(orders, max_size=2))
    def expire(self, minutes, live):
        self.now += timedelta(minutes=minutes)
        self._apply(lambda stock: rules.expire(stock, requests.ExpireRequest(now=self.now, live=tuple(live))))

    @invariant()
    def units_balance(self):
        assert self.stock.available + self.stock.reserved + self.stock.sold == self.stocked

    @invariant()
    def nothing_is_below_zero(self):
        assert min(self.stock.available, self.stock.reserved, self.stock.sold) >= 0

    @invariant()
    def a_backorder_is_handed_over_as_soon_as_it_is_there(self):
        assert all(units > self.stock.available for units in self.stock.backordered.values())

    @invariant()
    def no_order_both_holds_and_has_settled(self):
        assert not set(self.stock.reservations) & set(self.stock.settled)


TestAnyOrderOfOperations = AnyOrderOfOperations.TestCase


@given(st.sampled_from(["reserve", "release", "commit"]), st.integers(1, 5))
def test_repeating_an_operation_changes_nothing(operation, quantity):
    held, _ = reserve(Stock(available=5), quantity=quantity)
    call = {
        "reserve": lambda stock: reserve(stock, quantity=quantity),
        "release": release,
        "commit": lambda stock: commit(stock, quantity=quantity),
    }[operation]
    once = call(held)
    assert call(once[0]) == once
