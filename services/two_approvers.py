"""Decide with two approvers, above the second limit: the first approval is stored, and the second decides in the name of both."""

import asyncio
from typing import Final

from domain.workflows.decision import SettleApprovalRequest
from services.container import services
from services.decisions import AlreadyDecided

# Two of them, and a word between, are one name.
_NAME_CHARS: Final = 47


def needs_two(total_cents: int, currency: str) -> bool:
    """Return whether a total is above the second limit, as the shop has set it today."""
    limit = services().settings.second_approval_limit
    return limit is not None and total_cents > limit.for_currency(currency).amount


async def first_of_two(key: str, wait_id: str, approver: str, *, may_be_first: bool) -> str | None:
    """Return the first of the two approvers.

    Args:
        key: Of the order or claim.
        wait_id: Under which the first approval is stored.
        approver: Who approves now.
        may_be_first: Whether they are stored as the first where there is none.

    Returns:
        None where there is no first one.

    Raises:
        StorageUnavailable: The same request may be sent again.
    """
    if may_be_first:
        return await asyncio.to_thread(services().approvals.first_approval, key, wait_id, approver)
    return await asyncio.to_thread(services().approvals.known_first_approval, key, wait_id)


async def is_decided(request: SettleApprovalRequest) -> bool:
    """Return whether the wait has got the decision of two.

    Raises:
        AlreadyDecided: It has got another.
        StorageUnavailable: The same request may be sent again.
    """
    held = await asyncio.to_thread(services().approvals.decision, request.key, request.wait_id)
    if held is not None and (held.timed_out or held.decision.decision != request.decision.decision):
        raise AlreadyDecided
    return held is not None


def of_both(first: str, second: SettleApprovalRequest) -> SettleApprovalRequest:
    """Return the decision of two approvers, with the names of both."""
    decision = second.decision.model_copy(
        update={"approver": f"{first[:_NAME_CHARS]} and {second.decision.approver[:_NAME_CHARS]}"}
    )
    return second.model_copy(update={"decision": decision})


def is_same_person(one: str, other: str) -> bool:
    """Return whether two recorded names are those of one approver."""
    return one.strip().casefold() == other.strip().casefold()
