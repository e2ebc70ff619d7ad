"""Enter in the order book where an order stands, and which decision an approval wait got."""

from typing import Any

import azure.durable_functions as df

from adapters.compose import order_book
from domain.approval import SettleApprovalRequest
from domain.order import CloseOrder, OrderProgress
from domain.steps import StepResult

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def record_order(request: dict[str, Any]) -> dict[str, Any]:
    """Enter an order's progress. Never moves an order back."""
    order_book().record(OrderProgress.model_validate(request))
    return StepResult().to_wire()


@bp.activity_trigger(input_name="request")
def settle_approval(request: dict[str, Any]) -> dict[str, Any]:
    """Enter a decision unless there is one. Answers with the `SettledApproval` that holds."""
    return order_book().settle(SettleApprovalRequest.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
def close_order(request: dict[str, Any]) -> dict[str, Any]:
    """End an order that needs attention. Refused as not_waiting when it does not, or not yet."""
    closing = CloseOrder.model_validate(request)
    status = order_book().close(closing)
    if status is not closing.status:
        return StepResult.refused("not_waiting", f"the order book says {status or 'nothing'} of this order").to_wire()
    return StepResult().to_wire()
