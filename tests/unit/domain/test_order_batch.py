"""Ids of a batch's orders, and how its lines are counted."""

from pydantic import TypeAdapter

from domain.ids import OrderId
from domain.orders.batch import LineOutcome, LineResult, batch_id_of, batch_order_id, counts_of


def test_every_line_of_every_batch_has_an_order_of_its_own():
    ids = [batch_order_id(batch_id, line) for batch_id in ("b-1", "b-2", "b-11") for line in (1, 2, 11)]
    assert len(set(ids)) == len(ids)
    for order_id in ids:
        TypeAdapter(OrderId).validate_python(order_id)


def test_a_batch_sent_again_has_the_same_orders():
    assert batch_id_of("print") == batch_id_of("print") != batch_id_of("other print")
    assert batch_order_id("b-1", 7) == batch_order_id("b-1", 7)


def test_lines_are_counted_by_what_became_of_them():
    outcomes = [LineOutcome.ACCEPTED, LineOutcome.REJECTED, LineOutcome.ACCEPTED, LineOutcome.NOT_STARTED]
    counts = counts_of(tuple(LineResult(line=line, outcome=outcome) for line, outcome in enumerate(outcomes)))
    assert (counts.accepted, counts.rejected, counts.failed, counts.not_started) == (2, 1, 0, 1)
