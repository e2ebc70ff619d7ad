"""Enter in the order book where an order stands, and which decision an approval wait got."""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from adapters.compose import order_book, outbox
from adapters.order_closing import notify_of_end
from adapters.telemetry import emit_status
from domain.approval import SettleApprovalRequest
from domain.errors import StorageUnavailable
from domain.notification import Notification
from domain.order import CloseOrder, OrderStatus, RecordOrder
from domain.steps import StepResult

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@observed
def record_order(request: dict) -> dict[str, Any]:
    """Enter an order's progress, which never moves an order back; then hand its news to the outbox.

    Both in one, because every order ends with the two. Refused as not_told when only the latter failed.
    """
    record = RecordOrder.model_validate(request)
    emit_status(order_book().record(record.progress))
    return _tell(record.news).to_wire()


@bp.activity_trigger(input_name="request")
@observed
def settle_approval(request: dict) -> dict[str, Any]:
    """Enter a decision unless there is one. Answers with the `SettledApproval` that holds."""
    return order_book().settle(SettleApprovalRequest.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
@observed
def close_order(request: dict) -> dict[str, Any]:
    """Enter an undo that got done after all; with the last one the order ends, and its customer is told.

    Refused as not_waiting when the order does not need attention.
    """
    closing = CloseOrder.model_validate(request)
    after = order_book().close(closing)
    if after is None or after.status not in (closing.status, OrderStatus.NEEDS_ATTENTION):
        status = "nothing" if after is None else after.status
        return StepResult.refused("not_waiting", f"the order book says {status} of this order").to_wire()
    emit_status(after.changed)
    if after.status is closing.status:
        notify_of_end(order_book(), outbox(), closing)
    return StepResult().to_wire()


def _tell(news: Notification | None) -> StepResult:
    if news is None:
        return StepResult()
    try:
        outbox().put(news)
    except StorageUnavailable as error:
        return StepResult.refused("not_told", str(error))
    return StepResult(reference=news.message_id)
