"""Approvals of large orders: the decision, its wait, and the events that bring it."""

from typing import Any, Final

from pydantic import ValidationError

from domain.ids import OrderId
from domain.text import shown_line
from domain.wire import Comment, Edge, OneLine, Timestamp, Wire
from domain.workflows.decision_words import Decision, decoded, said_decision
from domain.workflows.steps import Outcome, StepResult

_MAX_APPROVER_CHARS: Final = 100
_MAX_COMMENT_CHARS: Final = 300

# Raised by our own HTTP API after the decision was recorded; its payload is always an ApprovalDecision.
APPROVAL_DECIDED = "ApprovalDecided"
# The plain event of the Durable management API: "Approved" or "Rejected", raised with the system key.
APPROVAL_DECISION = "ApprovalDecision"
# Raised by our own HTTP API: a CancellationRequest.
CANCELLATION_REQUESTED = "CancellationRequested"


class ApprovalDecision(Edge):
    """An approver's decision."""

    decision: Decision
    approver: OneLine
    comment: Comment | None = None


class ApprovalWait(Wire):
    """An order that waits for an approver until the default applies. A decision belongs to one wait."""

    wait_id: str
    expires_at: Timestamp


class SettleApprovalRequest(Wire):
    """Record a decision for a wait unless one is recorded already: the first one counts.

    Attributes:
        timed_out: Whether this is the default, because the time ran out.
        withdrawn: Whether the claimant withdrew the claim.
        claim_id: Id of this attempt, by which its caller knows its own decision from an equal one.
    """

    order_id: OrderId
    wait_id: str
    decision: ApprovalDecision
    timed_out: bool = False
    withdrawn: bool = False
    claim_id: str | None = None


class SettledApproval(Wire):
    """The recorded decision, with the attempt that recorded it. It has an outcome, as every answer of an activity."""

    outcome: Outcome = Outcome.DONE
    decision: ApprovalDecision
    timed_out: bool
    withdrawn: bool = False
    claim_id: str | None = None


class CancellationRequest(Edge):
    """A request to cancel an order."""

    requested_by: OneLine
    reason: Comment | None = None


class LookUpApproval(Wire):
    """Look up the decision of a wait, by the id of the order or claim that waits."""

    order_id: OrderId
    wait_id: str


class ApprovalFound(StepResult):
    """The decision of a wait; None before there is one."""

    settled: SettledApproval | None = None


def approval_wait_id(order_id: str) -> str:
    """Return the name of an order's only approval wait."""
    return f"{order_id}.approval"


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


def settling_from_event(payload: Any, order_id: str, wait_id: str) -> SettleApprovalRequest | None:
    """Read the event that follows a recorded decision; None for anything else and for another wait."""
    try:
        request = SettleApprovalRequest.model_validate(decoded(payload))
    except ValidationError:
        return None
    return request if (request.order_id, request.wait_id) == (order_id, wait_id) else None


def cancellation_from_event(payload: Any) -> CancellationRequest:
    """Read a cancellation event, which counts whatever its payload is."""
    try:
        return CancellationRequest.model_validate(decoded(payload))
    except ValidationError:
        return CancellationRequest(requested_by="management API")
