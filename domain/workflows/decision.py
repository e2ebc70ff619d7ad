"""Decisions of approvers: how one is recorded, once for each wait, and the events that bring it."""

from typing import Any, Final

from pydantic import ValidationError

from domain.ids import WorkflowKey
from domain.text import shown_line
from domain.wire import Comment, Edge, OneLine, Wire
from domain.workflows.decision_words import Decision, decoded, said_decision
from domain.workflows.steps import Outcome, StepResult

_MAX_APPROVER_CHARS: Final = 100
_MAX_COMMENT_CHARS: Final = 300

# The plain event of the Durable management API, for orders and claims: "Approved" or "Rejected", raised with the system key.
APPROVAL_DECISION = "ApprovalDecision"


class ApprovalDecision(Edge):
    """An approver's decision."""

    decision: Decision
    approver: OneLine
    comment: Comment | None = None


class SettleApprovalRequest(Wire):
    """Record a decision for a wait unless one is recorded already: the first one counts.

    Attributes:
        timed_out: Whether this is the default, because the time ran out.
        withdrawn: Whether the claimant withdrew the claim.
    """

    workflow: str
    key: WorkflowKey
    wait_id: str
    decision: ApprovalDecision
    timed_out: bool = False
    withdrawn: bool = False


class SettledApproval(Wire):
    """The recorded decision. It has an outcome, as every answer of an activity."""

    outcome: Outcome = Outcome.DONE
    decision: ApprovalDecision
    timed_out: bool
    withdrawn: bool = False


class LookUpApproval(Wire):
    """Look up the decision of a wait, by the key of the run that waits."""

    key: WorkflowKey
    wait_id: str


class ApprovalFound(StepResult):
    """The decision of a wait; None before there is one."""

    settled: SettledApproval | None = None


def decision_from_event(payload: Any) -> ApprovalDecision | None:
    """Read an approval event in any of the forms of `decision_words`; None for anything else.

    An approver or a comment that cannot be shown is left out.
    """
    said = said_decision(payload)
    if said is None:
        return None
    approver = shown_line(said.approver or "", _MAX_APPROVER_CHARS) or "management API"
    comment = shown_line(said.comment or "", _MAX_COMMENT_CHARS) or None
    try:
        return ApprovalDecision(decision=said.decision, approver=approver, comment=comment)
    except ValidationError:
        return ApprovalDecision(decision=said.decision, approver="management API")


def settling_from_event(payload: Any, workflow: str, key: str, wait_id: str) -> SettleApprovalRequest | None:
    """Read the event of a decision of one wait: ours follows a recorded one, any other is of the management API.

    Returns None for what is no decision, and for one of another wait.
    """
    value = decoded(payload)
    try:
        request = SettleApprovalRequest.model_validate(value)
    except ValidationError:
        request = None
    if request is not None:
        return request if (request.workflow, request.key, request.wait_id) == (workflow, key, wait_id) else None
    if isinstance(value, dict) and value.get("wait_id", wait_id) != wait_id:
        return None
    decision = decision_from_event(value)
    return SettleApprovalRequest(workflow=workflow, key=key, wait_id=wait_id, decision=decision) if decision else None
