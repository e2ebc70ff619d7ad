"""What a stock remembers of orders that have ended: little, and enough to sell and reserve each once."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.inventory import stock as stocks
from domain.inventory.stock import Stock
from domain.workflows.steps import Outcome, StepResult
from tests.unit.domain.stock_operations import LATER, NOW, commit, expire, release, reserve


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


def test_an_order_that_an_earlier_release_has_settled_is_in_question_no_longer():
    """That release knows nothing of the question, keeps it as it is, and forgets the settlement like any other."""
    stock = replace(after_many()[0], available=9)
    asked, refused = reserve(stock, "slow", placed_at=NOW)
    question = {name: value for name, value in asked.to_state().items() if name.startswith("in_question")}
    assert Stock.from_state(asked.to_state()).in_question == {"slow": refused.settlements}
    earlier, _ = release(stock, "slow", LATER, NOW)
    for number in range(stocks.MAX_SETTLEMENTS):
        earlier, _ = release(earlier, f"other-{number}", LATER, NOW)
    read = Stock.from_state({**earlier.to_state(), **question})
    again = reserve(read, "slow", placed_at=NOW, unsettled_at=refused.settlements)[1]
    assert again.reason_code == "settlement_forgotten", "it has ended: its units would be held for ever"
