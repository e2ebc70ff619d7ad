"""Which payments differ from their order, by what is known of both."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from domain.payments.listing import ProviderPayment
from domain.payments.reconciliation import NEXT_ACTION, OrderMoney, PaymentDriftKind, find_payment_drift, is_quiet
from domain.payments.reconciliation_runs import ReadPosition, Span

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOTAL = 2_000
LIVE = {"status": "authorised", "is_live": True, "total_cents": TOTAL, "currency": "usd"}
PAID = {"status": "completed", "is_paid": True, "total_cents": TOTAL, "currency": "usd", "payment_id": "pi_1"}
STOPPED = {"status": "failed", "total_cents": TOTAL, "currency": "usd", "payment_id": "pi_1"}
UNKNOWN: dict[str, Any] = {}


def payment(payment_id: str = "pi_1", *, held: int = 0, captured: int = 0, refunded: int = 0, **changes: Any):
    usual: dict[str, Any] = {
        "provider": "stripe",
        "payment_id": payment_id,
        "order_id": "a-1",
        "currency": "usd",
        "amount_cents": TOTAL,
        "held_cents": held,
        "captured_cents": captured,
        "refunded_cents": refunded,
        "has_ended": held == 0,
        "changed_at": NOON,
    }
    return ProviderPayment(**usual | changes)


def kinds(order: dict[str, Any], *payments: ProviderPayment) -> list[tuple[str, str]]:
    found = find_payment_drift(payments, OrderMoney(order_id="a-1", **order))
    return [(drift.payment_id, str(drift.kind)) for drift in found]


@pytest.mark.parametrize(
    ("order", "of_payment"),
    [
        (LIVE, {"held": TOTAL}),
        (LIVE, {"captured": TOTAL}),  # taken at once, or a moment before the order's end
        (LIVE, {"captured": TOTAL, "refunded": TOTAL}),  # it is being compensated
        (LIVE, {"amount_cents": 1}),  # declined: it holds nothing
        (PAID, {"captured": TOTAL}),
        (STOPPED, {}),
        (STOPPED, {"captured": TOTAL, "refunded": TOTAL}),
        (UNKNOWN, {}),
        ({**PAID, "total_cents": None, "currency": None}, {"captured": 1}),  # of an order past the repository
    ],
)
def test_what_agrees_is_no_difference(order: dict[str, Any], of_payment: dict[str, Any]) -> None:
    assert kinds(order, payment(**of_payment)) == []


@pytest.mark.parametrize(
    ("order", "of_payment", "kind"),
    [
        (STOPPED, {"held": TOTAL}, "authorised_without_live_order"),
        (UNKNOWN, {"held": 1}, "authorised_without_live_order"),
        (STOPPED, {"captured": TOTAL}, "captured_without_completed_order"),
        (UNKNOWN, {"captured": TOTAL}, "captured_without_completed_order"),
        (STOPPED, {"captured": TOTAL, "refunded": 1}, "refunded_too_little"),
        (PAID, {"captured": TOTAL, "refunded": 1}, "refunded_too_much"),
        (PAID, {"captured": TOTAL, "refunded": TOTAL}, "refunded_too_much"),
        (PAID, {"held": TOTAL}, "not_captured"),
        (PAID, {}, "not_captured"),
        (PAID, {"captured": TOTAL - 1}, "amount_differs"),
        (LIVE, {"held": TOTAL, "amount_cents": TOTAL + 1}, "amount_differs"),
        (PAID, {"captured": TOTAL, "currency": "eur"}, "currency_differs"),
    ],
)
def test_each_difference_has_its_kind(order: dict[str, Any], of_payment: dict[str, Any], kind: str) -> None:
    assert kinds(order, payment(**of_payment)) == [("pi_1", kind)]


@pytest.mark.parametrize("order", [PAID, {**LIVE, "payment_id": "pi_1"}])
@pytest.mark.parametrize("second", [{"held": TOTAL}, {"captured": TOTAL}])
def test_only_the_payment_that_is_not_the_orders_own_is_charged_twice(order: dict[str, Any], second: Any) -> None:
    assert kinds(order, payment(captured=TOTAL), payment("pi_2", **second)) == [("pi_2", "charged_twice")]
    assert kinds(order, payment("pi_2", **second)) == [("pi_2", "charged_twice")], "also when it alone was read"
    assert kinds(order, payment(captured=TOTAL), payment("pi_2")) == [], "one without money is none"


def test_while_no_payment_is_recorded_the_first_one_is_the_orders_own() -> None:
    first, second = payment("pi_2", held=TOTAL), payment("pi_1", held=TOTAL, changed_at=NOON + timedelta(seconds=1))
    assert kinds(LIVE, second, first) == [("pi_1", "charged_twice")]


def test_a_difference_has_another_id_once_more_money_has_moved() -> None:
    def drift_id(refunded: int) -> str:
        paid_back = payment(captured=TOTAL, refunded=refunded)
        [drift] = find_payment_drift([paid_back], OrderMoney(order_id="a-1", **PAID))
        return drift.drift_id

    assert drift_id(1) == drift_id(1) != drift_id(2)


def test_every_kind_names_the_next_action() -> None:
    assert set(NEXT_ACTION) == set(PaymentDriftKind)


def test_what_may_be_intended_names_the_operation_that_closes_it() -> None:
    [drift] = find_payment_drift([payment(captured=TOTAL, refunded=1)], OrderMoney(order_id="a-1", **PAID))
    assert f"POST /api/reconciliation/payments/{drift.drift_id}/resolve" in drift.next_action


@pytest.mark.parametrize(
    ("order_changed_at", "is_live", "quiet"),
    [
        (None, False, True),
        (NOON, False, True),
        (NOON + timedelta(seconds=1), False, False),
        (NOON + timedelta(hours=1), True, True),
    ],
)
def test_a_difference_counts_once_payment_and_order_are_still(
    order_changed_at: Any, is_live: bool, quiet: bool
) -> None:
    order = OrderMoney(order_id="a-1", changed_at=order_changed_at, is_live=is_live)
    hour = timedelta(hours=1)
    assert is_quiet(payment(held=1), order, hour, NOON + hour) is quiet
    assert not is_quiet(payment(held=1), order, hour, NOON + hour - timedelta(seconds=1))


@pytest.mark.parametrize("order", [LIVE, STOPPED, UNKNOWN], ids=str)
def test_a_payment_that_is_dated_far_ahead_is_as_old_as_its_order(order: dict[str, Any]) -> None:
    hour, known = timedelta(hours=1), OrderMoney(order_id="a-1", **order, changed_at=NOON if order else None)
    ahead = payment(held=1, changed_at=NOON.replace(year=9000))
    assert is_quiet(ahead, known, hour, NOON + hour)
    assert is_quiet(ahead, known, hour, NOON) is not bool(order)


def test_what_is_to_be_read_fits_into_a_row_however_much_there_is():
    now = datetime(2026, 11, 27, tzinfo=UTC)
    position = ReadPosition(provider="stripe")
    first_period, margin = timedelta(days=90), timedelta(minutes=10)
    for hours in range(100):
        position = position.reading_to(now + timedelta(hours=hours), first_period, margin)
        some = position.spans[:8]
        left = [part for span in some for part in span.continued("payments:pi_1", may_split=position.may_split)]
        position = position.after_reading(len(some), tuple(left))
        assert len(position.model_dump_json()) < 32_000
        assert position.read_until == position.spans[0].since == now - first_period
        ends = [(earlier.until, later.since) for earlier, later in pairwise(position.spans)]
        assert all(until == since for until, since in ends)
        assert position.spans[-1].until == now + timedelta(hours=hours)


def test_a_position_by_a_clock_that_was_ahead_is_forgotten():
    now = datetime(2026, 11, 27, tzinfo=UTC)
    first_period, margin = timedelta(days=90), timedelta(minutes=10)
    anew = ReadPosition(provider="stripe", watched_cursor="next").reading_to(now, first_period, margin)
    ahead = now + timedelta(days=3650)
    for wrong in (
        {"read_until": ahead},
        {"read_until": now, "ended_until": ahead},
        {"read_until": now, "spans": (Span(since=now, until=ahead, cursor="x"),)},
    ):
        position = ReadPosition(provider="stripe", watched_cursor="next").model_copy(update=wrong)
        assert position.reading_to(now, first_period, margin) == anew
    near = ReadPosition(provider="stripe", read_until=now + margin)
    assert near.reading_to(now, first_period, margin).read_until == near.read_until
