"""Which call a fault rule decides: pure."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sandbox.core.exchange import Call
from sandbox.core.faults import FaultRule, Placed, decide


def _call(operation: str = "payment_intents.create", order_id: str | None = "order-1") -> Call:
    return Call(
        face="stripe",
        method="POST",
        operation=operation,
        path="/v1/payment_intents",
        target=None,
        params={},
        now=datetime(2026, 1, 1, tzinfo=UTC),
        order_id=order_id,
    )


def _decided(calls: list[Call], *rules: dict[str, Any]) -> list[str | None]:
    """For each call in turn the kind of fault it meets."""
    placed = [Placed(id=number, rule=FaultRule(**rule), seen={}) for number, rule in enumerate(rules)]
    kinds: list[str | None] = []
    for call in calls:
        decision = decide(placed, call)
        counts = {one.id: one for one in decision.counted}
        placed = [counts.get(one.id, one) for one in placed]
        kinds.append(decision.fired.kind.value if decision.fired else None)
    return kinds


def test_a_rule_without_a_turn_decides_every_call_it_matches() -> None:
    assert _decided([_call()] * 2, {"kind": "html"}) == ["html", "html"]


def test_next_decides_the_first_calls() -> None:
    assert _decided([_call()] * 3, {"kind": "html", "next": 2}) == ["html", "html", None]


def test_calls_decides_the_calls_it_names() -> None:
    assert _decided([_call()] * 4, {"kind": "html", "calls": [2, 4]}) == [None, "html", None, "html"]


def test_only_matching_calls_are_counted() -> None:
    calls = [_call("refunds.create"), _call(order_id="order-2"), _call(), _call()]
    rule = {"kind": "html", "operation": "payment_intents.create", "order_id": "order-1", "calls": [2]}
    assert _decided(calls, rule) == [None, None, None, "html"]


def test_the_first_rule_whose_turn_it_is_decides_and_the_others_still_count() -> None:
    rules = ({"kind": "html", "calls": [1]}, {"kind": "drop_before", "next": 2})
    assert _decided([_call()] * 3, *rules) == ["html", "drop_before", None]


@settings(deadline=None)
@given(st.permutations(["a", "b", "c"] * 4), st.integers())
def test_a_random_rule_draws_the_same_for_an_order_whatever_else_happens(orders: list[str], seed: int) -> None:
    rule = {"kind": "html", "probability": 0.5, "seed": seed}
    kinds = _decided([_call(order_id=order) for order in orders], rule)
    together = [kind for order, kind in zip(orders, kinds, strict=True) if order == "a"]
    assert together == _decided([_call(order_id="a")] * 4, rule)


def test_a_random_rule_fires_about_as_often_as_it_says() -> None:
    kinds = _decided([_call(order_id=str(number)) for number in range(1000)], {"kind": "html", "probability": 0.3})
    assert 250 < kinds.count("html") < 350


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "explode"},
        {"kind": "html", "next": 0},
        {"kind": "html", "next": 1, "calls": [1]},
        {"kind": "html", "probability": 1.5},
        {"kind": "html", "status": 500},
        {"kind": "status"},
        {"kind": "status", "status": 418},
        {"kind": "delay"},
        {"kind": "drop_after", "code": "card_declined"},
        {"kind": "lag"},
        {"kind": "html", "colour": "red"},
    ],
)
def test_a_rule_that_does_not_fit_together_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FaultRule.model_validate(rule)
