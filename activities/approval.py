"""Record the decision of an approval wait, of an order or a claim, and look it up."""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from domain.workflows.decision import ApprovalFound, LookUpApproval, SettleApprovalRequest
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def look_up_approval(request: dict) -> dict[str, Any]:
    """Look up the decision of an approval wait. The answer is an `ApprovalFound`."""
    wait = LookUpApproval.model_validate(request)
    return ApprovalFound(settled=services().approvals.decision(wait.key, wait.wait_id)).to_wire()


@bp.activity_trigger(input_name="request")
@observed(SettleApprovalRequest)
def settle_approval(request: dict) -> dict[str, Any]:
    """Record a decision unless there is one. The answer is the `SettledApproval` that holds."""
    return services().approvals.settle(SettleApprovalRequest.model_validate(request)).to_wire()
