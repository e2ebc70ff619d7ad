"""A stock that forgets orders almost at once: late and repeated operations of forgotten orders sell and leak nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from domain.inventory import stock as stocks
from domain.inventory.requests import CommitRequest, ReleaseRequest, ReserveRequest
from domain.inventory.reservations import commit, release, reserve
from domain.inventory.stock import SETTLEMENT_FORGOTTEN, Stock
from domain.workflows.steps import Outcome, StepResult
from tests.unit.domain.stock_operations import NOW, expire

UNITS = 12
ORDERS = {name: number % 3 + 1 for number, name in enumerate("abcdefghijkl")}
"""Wanted units, by order id."""
PLACED_AT = {name: NOW + timedelta(minutes=number % 4) for number, name in enumerate(ORDERS)}
LASTS = timedelta(minutes=30)

Rule = Callable[[Stock | None, Any], tuple[Stock | None, StepResult]]
RULES: dict[type, Rule] = {ReserveRequest: reserve, ReleaseRequest: release, CommitRequest: commit}


class OrdersOfAForgetfulStock(RuleBasedStateMachine):
    """Orders reserve, and then commit or release, as their saga does; each request may come again at any later time."""

    running = Bundle("running")
    holding = Bundle("holding")
    sent = Bundle("sent")

    def __init__(self):
        super().__init__()
        self.stock = Stock(available=UNITS)
        self.now = NOW + timedelta(minutes=5)
        self.committing, self.unknown, self.ended = set(), set(), set()

    def _apply(self, request):
        changed, answer = RULES[type(request)](self.stock, request)
        assert changed is not None
        self.stock = Stock.from_state(changed.to_state()) or Stock()
        return answer

    @initialize(target=running)
    def place(self):
        return multiple(*ORDERS)

    @rule(target=sent, order_id=running, is_proven=st.booleans())
    def reserve(self, order_id, is_proven):
        request = self._reservation(order_id)
        answer = self._apply(request)
        if answer.reason_code == SETTLEMENT_FORGOTTEN and is_proven and order_id not in self.ended:
            request = self._reservation(order_id, unsettled_at=answer.settlements)
            self._apply(request)
        return request

    def _reservation(self, order_id, **proof):
        return ReserveRequest(
            order_id=order_id,
            quantity=ORDERS[order_id],
            placed_at=PLACED_AT[order_id],
            now=self.now,
            expires_at=self.now + LASTS,
            **proof,
        )

    @rule(target=holding, order_id=consumes(running))
    def is_answered(self, order_id):
        return order_id if order_id in self.stock.reservations else multiple()

    @rule(target=sent, order_id=consumes(holding))
    def commit(self, order_id):
        self.ended.add(order_id)
        self.committing.add(order_id)
        request = CommitRequest(
            order_id=order_id, quantity=ORDERS[order_id], placed_at=PLACED_AT[order_id], now=self.now
        )
        if self._apply(request).reason_code == SETTLEMENT_FORGOTTEN:
            self.unknown.add(order_id)
        return request

    @rule(target=sent, order_id=st.one_of(consumes(holding), consumes(running)))
    def release(self, order_id):
        self.ended.add(order_id)
        request = ReleaseRequest(order_id=order_id, now=self.now, placed_at=PLACED_AT[order_id])
        assert self._apply(request).outcome is Outcome.DONE
        return request

    @rule(request=sent)
    def repeat(self, request):
        self._apply(request)

    @rule(minutes=st.sampled_from([1, 40]))
    def expire(self, minutes):
        self.now += timedelta(minutes=minutes)
        self.stock, _ = expire(self.stock, self.now)

    @invariant()
    def units_balance(self):
        assert self.stock.available + self.stock.reserved + self.stock.sold == UNITS
        assert self.stock.available >= 0

    @invariant()
    def each_order_that_was_paid_is_sold_once_and_no_other(self):
        backordered = sum(self.stock.backordered.values())
        sure = sum(ORDERS[order_id] for order_id in self.committing - self.unknown)
        assert self.stock.sold + backordered == sure

    @invariant()
    def what_is_remembered_is_bounded(self):
        assert len(self.stock.settled) <= 2
        assert len(self.stock.in_question) <= 1

    def teardown(self):
        """Whatever came late holds nothing in the end."""
        self.stock, _ = expire(self.stock, self.now + LASTS)
        assert not self.stock.reservations


TestOrdersOfAForgetfulStock = OrdersOfAForgetfulStock.TestCase


@pytest.fixture(autouse=True)
def _short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("MAX_SETTLEMENTS", "MAX_EXPIRED", "MAX_IN_QUESTION"):
        monkeypatch.setattr(stocks, limit, 1)
