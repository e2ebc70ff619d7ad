"""Approvals of large orders: the wait, and the event that brings its decision."""

from domain.wire import Timestamp, Wire

# Raised by our own HTTP API after the decision was recorded; its payload is always an ApprovalDecision.
APPROVAL_DECIDED = "ApprovalDecided"


class ApprovalWait(Wire):
    """An order that waits for an approver until the default applies. A decision belongs to one wait."""

    wait_id: str
    expires_at: Timestamp


def approval_wait_id(order_id: str) -> str:
    """Return the name of an order's only approval wait."""
    return f"{order_id}.approval"
