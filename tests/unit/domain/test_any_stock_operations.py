"""Whatever orders do to one product, in any order and however often, makes no units and loses none."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.inventory import movements, requests, reservations
from domain.inventory.stock import Stock
from tests.unit.domain.stock_operations import NOW, commit, release, reserve


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
