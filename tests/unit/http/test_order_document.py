"""An order whose run the platform has failed, as its callers see it before the next run begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest

from domain.orders.document import KnownApproval
from domain.orders.order import OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from domain.workflows.approval_wait import ApprovalWait
from services.orders.document import OrderFacts
from services.orders.status import OrderView
from tests.support.orders import NOON, placed_order
from triggers.http.support.links import serving
from triggers.http.support.order_document import durable_order, order_document


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The status of an instance whose worker died, which takes its custom status along."""

    name: str = "process_order"
    runtime_status: Any = df.OrchestrationRuntimeStatus.Failed
    created_time: Any = NOON
    last_updated_time: Any = NOON
    input_: Any = None
    output: Any = "exited with code 137"
    custom_status: Any = None


WAITING = OrderProgress(
    order_id="a-1",
    status=OrderStatus.AWAITING_APPROVAL,
    message="The order waits for an approval.",
    approval=ApprovalWait(wait_id="a-1.approval", expires_at=NOON + timedelta(hours=24)),
)


LARGE = placed_order(
    lines=[{"product_id": "piano", "name": "Piano", "quantity": 1, "unit_price_cents": 500_000, "weight_grams": 500}]
)


def facts_of(shown: OrderView) -> OrderFacts:
    return OrderFacts(view=shown, order=LARGE, known=KnownApproval(), dead_letters=())


@pytest.fixture(autouse=True)
def _served() -> Iterator[None]:
    request = func.HttpRequest("GET", "http://shop.example/api/orders/a-1", body=b"")
    with serving(request, "orders/{order_id}"):
        yield


def view(result: OrderProgress | None, **instance: Any) -> OrderView:
    status = OrderStatus.ACCEPTED if result is None else result.status
    row = OrderRow(order_id="a-1", status=status, updated_at=NOON, order=LARGE, result=result)
    return OrderView(order_id="a-1", row=row, instance=Failed(**instance))


@pytest.mark.parametrize("result", [None, WAITING])
def test_it_stands_where_its_row_says_and_is_about_to_go_on(result: OrderProgress | None):
    facts = facts_of(view(result))
    shown = order_document(facts)
    expected = OrderStatus.ACCEPTED if result is None else OrderStatus.AWAITING_APPROVAL
    assert (shown.status, shown.runtimeStatus, durable_order(facts).output) == (expected, "Pending", None)
    assert shown.approval is not None
    assert shown.approval.wait == (None if result is None else WAITING.approval)
    assert "137" not in shown.model_dump_json() + durable_order(facts).model_dump_json()


def test_what_its_run_said_last_counts_more_than_its_row():
    assert view(None, custom_status=WAITING.to_wire()).progress == WAITING


def test_an_order_that_has_ended_waits_for_no_run():
    ended = OrderProgress(order_id="a-1", status=OrderStatus.FAILED, succeeded=False, message="Stopped.")
    shown = view(ended)
    assert not shown.is_running
    document = order_document(facts_of(shown))
    assert (document.status, document.runtimeStatus) == (OrderStatus.FAILED, "Completed")
