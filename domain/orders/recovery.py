"""Whether an order that was given up may be started again, and what of its dead letters may be replayed.

An order that was given up is as one whose instance has failed, until something of it is compensated. So both are decided on the
same row, one change after the other: a replay marks the row before it compensates, and an order whose row is marked stays stopped.
"""

from typing import Final, Literal

from domain.orders.order import OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from domain.workflows.course import PROCESSING_STOPPED, RunEnd
from domain.workflows.steps import LedgerEntry

STARTED_AGAIN: Final = "The order is started again."

NotStartedAgain = Literal["not_given_up", "paid", "compensating"]


def why_not_started_again(row: OrderRow) -> NotStartedAgain | None:
    """Return why an order stays as it is.

    not_given_up: it is under way or has come to its end. paid: its dead letters complete it. compensating: it was to stop anyway,
    or some of it is compensated.
    """
    if row.status is not OrderStatus.NEEDS_ATTENTION or row.course is None or row.result is None:
        return "not_given_up"
    if row.course.completes:
        return "paid"
    was_given_up = row.course.reason_code == PROCESSING_STOPPED
    is_begun = row.is_compensated or any(_is_of_a_compensation(entry) for entry in row.result.steps)
    return None if was_given_up and not is_begun else "compensating"


def started_again(row: OrderRow) -> OrderProgress:
    """Return where an order stands that is started again: its steps are taken anew, and find what was done before."""
    assert row.result is not None
    steps = tuple(entry for entry in row.result.steps if entry.kind != "compensation")
    return OrderProgress(order_id=row.order_id, status=OrderStatus.ACCEPTED, message=STARTED_AGAIN, steps=steps)


def may_replay(row: OrderRow, end: RunEnd) -> bool:
    """Return whether a step that was left open may be done now: not of an order that was started again and goes another way."""
    if row.course is None:
        return row.recoveries == 0
    return row.course.completes == (end == "completed")


def _is_of_a_compensation(entry: LedgerEntry) -> bool:
    """Return whether a compensation was tried, not only left open by what gave the order up."""
    return entry.kind == "compensation" and entry.reason_code != PROCESSING_STOPPED
