"""Which orders need the approvals of two, and who of the two has approved first."""

from domain.orders.approval import approval_wait_id
from services.container import services


def needs_two(total_cents: int, currency: str) -> bool:
    """Return whether an order of this total is above the second limit, as the shop has set it today."""
    limit = services().settings.second_approval_limit
    return limit is not None and total_cents > limit.for_currency(currency).amount


def first_approver(order_id: str) -> str | None:
    """Return who has approved an order first; None before that.

    Raises:
        StorageUnavailable: The same request may be sent again.
    """
    return services().approvals.known_first_approval(order_id, approval_wait_id(order_id))
