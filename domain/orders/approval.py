"""A human's word on a large order: what it may say, and how it arrives."""

import json
from typing import Any, Final, Literal

from pydantic import ValidationError

from domain.cards import holds_card_number
from domain.ids import OrderId
from domain.wire import Comment, Edge, OneLine, Timestamp, Wire
from domain.workflows.steps import Outcome, StepResult

Decision = Literal["approved", "rejected"]

_MAX_ENCODINGS: Final = 3

# Raised by our own HTTP API after the decision was claimed; its payload is always an ApprovalDecision.
APPROVAL_DECIDED = "ApprovalDecided"
# The plain event of the Durable management API: "Approved" or "Rejected", raised by whoever holds the system key.
APPROVAL_DECISION = "ApprovalDecision"
# Raised by our own HTTP API: a CancellationRequest.
CANCELLATION_REQUESTED = "CancellationRequested"


class ApprovalDecision(Edge):
    """Who decided what, and why."""

    decision: Decision
    approver: OneLine
    comment: Comment | None = None


class ApprovalWait(Wire):
    """An order waiting for a human. wait_id: a decision belongs to one wait. expires_at: when the default applies."""

    wait_id: str
    expires_at: Timestamp


class SettleApprovalRequest(Wire):
    """Enter a decision for a wait unless one is there already. The first one wins, whoever brings it.

    claim_id: names this attempt, so that whoever brings a decision can tell their own win from an equal one's. withdrawn: whoever
    had asked wants no decision any more.
    """

    order_id: OrderId
    wait_id: str
    decision: ApprovalDecision
    timed_out: bool = False
    withdrawn: bool = False
    claim_id: str | None = None


class SettledApproval(Wire):
    """The decision that holds, with the claim that brought it. Activities answer in one shape, so it carries an outcome too."""

    outcome: Outcome = Outcome.DONE
    decision: ApprovalDecision
    timed_out: bool
    withdrawn: bool = False
    claim_id: str | None = None


class CancellationRequest(Edge):
    """A customer, or somebody for them, wants the order compensated."""

    requested_by: OneLine
    reason: Comment | None = None


class LookUpApproval(Wire):
    """Ask for the decision that a wait has got. order_id: of the order or the claim that waits."""

    order_id: OrderId
    wait_id: str


class ApprovalFound(StepResult):
    """settled: None while nobody has decided."""

    settled: SettledApproval | None = None


def approval_wait_id(order_id: str) -> str:
    """The name of an order's only approval wait."""
    return f"{order_id}.approval"


def decision_from_event(payload: Any) -> ApprovalDecision | None:
    """Read an approval event, raised by a client library (JSON text) or by hand ("Approved"). None: not a decision."""
    value = _decoded(payload)
    if isinstance(value, str) and value.lower() in ("approved", "rejected"):
        return ApprovalDecision.model_validate({"decision": value.lower(), "approver": "management API"})
    if not isinstance(value, dict):
        return None
    try:
        return ApprovalDecision.model_validate(value)
    except ValidationError:
        return None


def settling_from_event(payload: Any, order_id: str, wait_id: str) -> SettleApprovalRequest | None:
    """Read the event that follows a claimed decision. None: it is none, or belongs to another wait."""
    try:
        request = SettleApprovalRequest.model_validate(_decoded(payload))
    except ValidationError:
        return None
    return request if (request.order_id, request.wait_id) == (order_id, wait_id) else None


def cancellation_from_event(payload: Any) -> CancellationRequest:
    """Read a cancellation event. Whatever its payload, the wish to cancel stands."""
    try:
        return CancellationRequest.model_validate(_decoded(payload))
    except ValidationError:
        return CancellationRequest(requested_by="management API")


def _decoded(payload: Any) -> Any:
    """Client libraries encode an event's payload twice, raw HTTP once, and a history's text once more: all end as one value.

    None for a payload with something like a card number: it came past our own API, which would have refused it.
    """
    value = payload
    for _ in range(_MAX_ENCODINGS):
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            break
    return None if holds_card_number(value) else value
