"""What follows the record of an end, when it comes late: from an activity of an instance that another one has replaced."""

from datetime import timedelta

import pytest

from domain.ids import PROCESS_ORDER
from domain.orders.order import OrderProgress, OrderStatus
from domain.orders.run import run_of
from domain.workflows.records import RecordRun
from sandbox.testing import Sandbox
from services.container import services
from services.recovery.order_endings import give_up
from services.workflows.records import conclude
from tests.support.orders import NOON, placed_order
from tests.support.shop import use_settings


def open_orders() -> list[str]:
    return [each.key for each in services().order_repository.intake.open_runs(NOON + timedelta(days=1))]


@pytest.mark.parametrize(("is_started_again", "open_then"), [(True, ["a-1"]), (False, [])])
def test_a_late_end_leaves_the_reminder_of_an_order_that_was_started_again(
    monkeypatch: pytest.MonkeyPatch,
    storage_connection: str,
    sandbox: Sandbox,
    is_started_again: bool,
    open_then: list[str],
) -> None:
    use_settings(monkeypatch, storage_connection, sandbox)
    orders, order = services().order_repository, placed_order()
    orders.accept(order, "print")
    row = orders.get(order.order_id)
    assert row is not None
    end = give_up(row, (), "The instance was terminated.", NOON)
    assert end is not None
    assert end.status is OrderStatus.NEEDS_ATTENTION
    if is_started_again:
        assert orders.withdraw_stop(order.order_id) is not None
        orders.intake.remember(run_of(order, with_request=False))
    conclude(RecordRun(workflow=PROCESS_ORDER, key=order.order_id, progress=OrderProgress.to_wire(end)))
    assert open_orders() == open_then
