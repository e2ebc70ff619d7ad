"""Store the decision of a wait, insert-once: the first one counts, whatever way it came."""

from collections.abc import Generator
from typing import Any, Final

from activities.approval import settle_approval
from domain.workflows.course import RunStopped
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest, SettledApproval
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT
from orchestrators.kernel.tasks import DurableTask
from orchestrators.kernel.workflow_run import WorkflowRun

# Constructed, not validated: a cold start need not build a validator for a constant.
TIMED_OUT: Final = ApprovalDecision.model_construct(
    decision="rejected", approver="time-out", comment="no approver decided in time"
)


def settle_decision(
    run: WorkflowRun, wait_id: str, request: SettleApprovalRequest | None
) -> Generator[DurableTask, Any, SettledApproval]:
    """Return the decision that holds for a wait.

    Args:
        run: Its key names the wait's owner.
        wait_id: Of the wait.
        request: The decision that came; None when the time is over.

    Raises:
        RunStopped: It is not known.
    """
    default = SettleApprovalRequest(
        workflow=run.workflow, key=run.key, wait_id=wait_id, decision=TIMED_OUT, timed_out=True
    )
    attempts = yield from run.call([activity(settle_approval, request or default)], PERSISTENT, seed=wait_id)
    if attempts.answer is None:
        raise RunStopped("failed", "no_answer", "It is not known what was decided.")
    return SettledApproval.model_validate(attempts.answer)


def decision_message(decision: ApprovalDecision) -> str:
    """Return who decided what, and why."""
    return f"{decision.decision} by {decision.approver}" + (f": {decision.comment}" if decision.comment else "")
