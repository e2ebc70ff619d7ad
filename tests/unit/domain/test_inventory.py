"""The stock ledger: nothing leaks, nothing is sold twice, and every operation may be repeated."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.inventory import movements, requests, reservations
from domain.inventory import stock as stocks
from domain.inventory.stock import Stock
from domain.keyed_changes import KEY_RETENTION
from domain.workflows.steps import Outcome, StepResult

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def reserve(stock, order_id="a", quantity=1, now=NOW, expires_at=LATER, **more):
    request = requests.ReserveRequest(order_id=order_id, quantity=quantity, expires_at=expires_at, now=now, **more)
    return reservations.reserve(stock, request)


def release(stock, order_id="a", now=NOW, placed_at=None):
    return reservations.release(stock, requests.ReleaseRequest(order_id=order_id, now=now, placed_at=placed_at))


def commit(stock, order_id="a", quantity=1, now=NOW, placed_at=NOW):
    request = requests.CommitRequest(order_id=order_id, quantity=quantity, placed_at=placed_at, now=now)
    return reservations.commit(stock, request)


def expire(stock, now=NOW, live=()):
    return reservations.expire(stock, requests.ExpireRequest(now=now, live=live))


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


def placed(number):
    return NOW + timedelta(seconds=number)


def after_many(count=5_000):
    """Of every ten orders two are released and the others sold, each shortly after it was placed."""
    stock = Stock(available=count)
    for number in range(count):
        order_id, at = f"ord-0199f3b4c5d-{number:016x}", placed(number)
        stock, _ = reserve(stock, order_id, placed_at=at)
        stock, _ = release(stock, order_id, at, at) if number % 5 == 0 else commit(stock, order_id, 1, at, at)
    return stock, f"ord-0199f3b4c5d-{1:016x}", f"ord-0199f3b4c5d-{5:016x}"


def test_the_state_is_a_few_kilobytes_however_many_orders_have_ended():
    stock, _, _ = after_many()
    assert len(json.dumps(stock.to_state())) < 6_000


def test_an_ended_order_changes_no_units_by_whatever_comes_again_after_thousands_of_others():
    stock, sold, released = after_many()
    units = (stock.available, stock.reserved, stock.sold)
    assert commit(stock, sold, 1, LATER, placed(1)) == (stock, StepResult())
    for order_id, number in ((sold, 1), (released, 5)):
        settlements = stock.settlements
        stock, answer = reserve(stock, order_id, placed_at=placed(number))
        assert (answer.reason_code, answer.settlements) == ("settlement_forgotten", settlements)
        stock, answer = release(stock, order_id, LATER, placed(number))
        assert answer.outcome is Outcome.DONE
        assert commit(stock, sold, 1, LATER, placed(1)) == (stock, StepResult()), "a tombstone proves no release"
    assert (stock.available, stock.reserved, stock.sold) == units


def test_an_old_order_that_has_not_ended_is_reserved_once_its_record_shows_that():
    stock = replace(after_many()[0], available=9)
    refused = reserve(stock, "slow", placed_at=NOW)[1]
    held, answer = reserve(stock, "slow", placed_at=NOW, unsettled_at=refused.settlements)
    assert (held.reserved, answer.outcome) == (1, Outcome.DONE)
    assert commit(held, "slow", 1, LATER, NOW)[0].sold == stock.sold + 1


def test_what_a_record_shows_does_not_count_once_the_settlements_after_it_are_forgotten():
    stock = replace(after_many(100)[0], available=999)
    seen = reserve(stock, "slow", placed_at=NOW)[1].settlements
    stock, _ = reserve(stock, "slow", placed_at=NOW, unsettled_at=seen)
    stock, _ = commit(stock, "slow", 1, LATER, NOW)
    for number in range(3 * stocks.MAX_SETTLEMENTS):
        stock, answer = reserve(stock, "slow", placed_at=NOW, unsettled_at=seen)
        assert (stock.reserved, answer.outcome) == (0, Outcome.REFUSED), number
        stock, _ = commit(reserve(stock, f"later-{number}", placed_at=LATER)[0], f"later-{number}", 1, LATER, LATER)


def overtaken(stock, first, count=3 * stocks.MAX_SETTLEMENTS):
    for number in range(first, first + count):
        order_id, at = f"later-{number}", placed(10_000 + number)
        stock, _ = commit(reserve(stock, order_id, placed_at=at)[0], order_id, 1, at, at)
    return stock


def test_an_order_is_reserved_by_its_record_however_many_others_end_while_that_is_read():
    stock, refused = reserve(replace(after_many()[0], available=999), "slow", placed_at=NOW)
    stock = Stock.from_state(overtaken(stock, 0).to_state())
    held, answer = reserve(stock, "slow", placed_at=NOW, unsettled_at=refused.settlements)
    assert (held.reserved, held.in_question, answer.outcome) == (1, {}, Outcome.DONE)


@pytest.mark.parametrize("end", [release, commit])
def test_what_a_record_shows_does_not_count_once_the_order_has_ended_after_it_was_read(end):
    stock, refused = reserve(replace(after_many()[0], available=999), "slow", placed_at=NOW)
    seen = refused.settlements
    other_instance, _ = reserve(stock, "slow", placed_at=NOW, unsettled_at=seen)
    stock = overtaken(end(other_instance, "slow")[0], 0)
    for _ in range(2):
        stock, answer = reserve(stock, "slow", placed_at=NOW, unsettled_at=seen)
        assert (stock.reserved, answer.reason_code) == (0, "settlement_forgotten")


def test_of_more_orders_in_question_than_are_remembered_the_oldest_is_asked_again():
    stock, refused = reserve(replace(after_many()[0], available=999), "slow", placed_at=NOW)
    for number in range(stocks.MAX_IN_QUESTION):
        stock, _ = reserve(stock, f"also-slow-{number}", placed_at=NOW)
    assert len(stock.in_question) == stocks.MAX_IN_QUESTION
    stock, again = reserve(overtaken(stock, 0), "slow", placed_at=NOW, unsettled_at=refused.settlements)
    assert again.reason_code == "settlement_forgotten"
    stock, answer = reserve(overtaken(stock, 999), "slow", placed_at=NOW, unsettled_at=again.settlements)
    assert answer.outcome is Outcome.DONE


def test_an_expired_order_is_sold_after_any_number_of_others():
    stock = Stock(available=500)
    stock, _ = reserve(stock, "expired", placed_at=NOW, expires_at=NOW)
    stock, _ = expire(stock)
    for number in range(200):
        stock, _ = commit(
            reserve(stock, f"o-{number}", placed_at=placed(number))[0], f"o-{number}", 1, LATER, placed(number)
        )
    paid, answer = commit(stock, "expired", 1, LATER, NOW)
    assert (paid.sold, answer.outcome) == (201, Outcome.DONE)
    assert commit(paid, "expired", 1, LATER, NOW) == (paid, StepResult())


def test_a_commit_is_refused_when_it_is_forgotten_whether_its_order_has_expired(monkeypatch):
    monkeypatch.setattr(stocks, "MAX_EXPIRED", 1)
    stock = Stock(available=9)
    for order_id in ("a", "b"):
        stock, _ = reserve(stock, order_id, placed_at=NOW, expires_at=NOW)
        stock, _ = expire(stock)
    assert commit(stock, "a")[1].reason_code == "settlement_forgotten"
    assert commit(stock, "b")[1].outcome is Outcome.DONE


def test_a_state_of_an_earlier_release_is_read_and_made_small():
    settled = {f"o-{n}": {"how": "committed", "at": placed(n).isoformat()} for n in range(2_000)}
    old = {
        "available": 5,
        "sold": 2_000,
        "reservations": {"b": {"quantity": 2, "expires_at": LATER.isoformat()}},
        "settled": settled,
        "movements": {},
        "forgotten_until": NOW.isoformat(),
    }
    stock, _ = commit(Stock.from_state(old), "b", 2, LATER, placed(2_000))
    assert (stock.available, stock.sold, len(stock.settled)) == (5, 2_002, stocks.MAX_SETTLEMENTS)
    assert commit(stock, "o-1", 1, LATER, placed(1)) == (stock, StepResult())
    assert commit(stock, "older", 1, LATER, NOW)[1].reason_code == "settlement_forgotten"
    idle, _ = expire(Stock.from_state(old))
    assert Stock.from_state(idle.to_state()) == idle
    assert len(json.dumps(idle.to_state())) < 6_000


def test_the_state_survives_its_storage():
    stock, _ = commit(reserve(reserve(Stock(available=9), "a")[0], "b", 2)[0], "a")
    assert Stock.from_state(stock.to_state()) == stock
    stock, _ = commit(stock, "c", 99)
    assert Stock.from_state(stock.to_state()) == stock
    assert Stock.from_state(None) is None


def movement(key="k", quantity=1, at=NOW):
    return requests.RestockRequest(key=key, requested_at=at, quantity=quantity)


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


class AnyOrderOfOperations(RuleBasedStateMachine):
    """Whatever orders do to one product, in any order and however often: units are neither made nor lost.

    Every operation comes twice.
    """

    orders = st.sampled_from("abcdefgh")

    def __init__(self):
        super().__init__()
        self.stock = movements.restock(None, requests.RestockRequest(requested_at=NOW, key="first", quantity=20))[0]
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
        self._apply(lambda stock: movements.restock(stock, request))

    @rule(key=st.sampled_from(["k3", "k4"]), delta=st.integers(-9, 9))
    def adjust(self, key, delta):
        request = requests.AdjustRequest(key=key, requested_at=self.now, delta=delta, reason="counted")
        is_refused = self.stock.available + delta < 0
        self.stocked += delta if self._is_new(request) and not is_refused else 0
        self._apply(lambda stock: movements.adjust(stock, request))

    def _is_new(self, request):
        return self.stock.movements.answered(request) is None

    @rule(minutes=st.integers(1, 10), live=st.lists(orders, max_size=2))
    def expire(self, minutes, live):
        self.now += timedelta(minutes=minutes)
        self._apply(lambda stock: reservations.expire(stock, requests.ExpireRequest(now=self.now, live=tuple(live))))

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
