"""The demo's verdict on money and stock."""

from collections import Counter

import pytest

from scripts.balance import Money, Stock, money_problems, stock_problems


def test_money_that_was_kept_for_goods_balances() -> None:
    money = Money(authorised=5000, captured=3000, refunded=1000, voided=2000)

    assert money_problems(money, goods_cents=2000) == []


def test_money_still_authorised_is_a_problem() -> None:
    money = Money(authorised=5000, captured=3000, refunded=0, voided=0)

    assert money_problems(money, goods_cents=3000) == ["20.00 are still held on customers' cards"]


def test_money_kept_without_goods_is_a_problem() -> None:
    money = Money(authorised=3000, captured=3000, refunded=0, voided=0)

    assert money_problems(money, goods_cents=1000) == ["30.00 were kept for goods worth 10.00"]


def test_stock_that_left_with_completed_orders_balances() -> None:
    assert stock_problems({"mug": Stock(available=-2, reserved=0, sold=2)}, Counter(mug=2)) == []


def test_units_left_reserved_are_a_problem() -> None:
    (problem,) = stock_problems({"mug": Stock(available=-2, reserved=1, sold=1)}, Counter(mug=1))

    assert problem.startswith("mug: 1 were bought, but the stock changed by")


def test_units_that_vanished_are_a_problem() -> None:
    assert stock_problems({"mug": Stock(available=-1, reserved=0, sold=0)}, Counter()) != []


def test_amounts_of_two_currencies_are_not_added_up() -> None:
    amounts = {"authorised": 1, "captured": 1, "refunded": 0, "voided": 0}
    with pytest.raises(ValueError, match="eur, usd"):
        Money.of([{**amounts, "currency": "usd"}, {**amounts, "currency": "eur"}])
