"""Who of the two approvers of an order above the second limit has approved first."""

from domain.orders.approval import approval_wait_id
from services.container import services


def first_approver(order_id: str) -> str | None:
    """Return who has approved an order first; None before that.

    Raises:
        StorageUnavailable: The same request may be sent again.
    """
    return services().approvals.known_first_approval(order_id, approval_wait_id(order_id))
