"""Approvals of large orders: the wait, and the event that brings its decision."""

# Raised by our own HTTP API after the decision was recorded; its payload is a SettleApprovalRequest.
APPROVAL_DECIDED = "ApprovalDecided"


def approval_wait_id(order_id: str) -> str:
    """Return the name of an order's only approval wait."""
    return f"{order_id}.approval"
