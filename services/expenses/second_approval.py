"""Expense claims above the second limit: two approvers decide, and the second is asked once the first has approved.

The second need not wait for a turn: their link is for the turn that is open. The first approval counts in later turns, too.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any

from domain.expenses.claim import ExpenseRequest, ExpenseTotal, ExpenseWait, expense_totals, second_approval_id
from domain.identity import Caller
from domain.ids import EXPENSE_APPROVAL, notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.workflows.decision import SettleApprovalRequest
from domain.workflows.decision_link import DecisionLink
from services.container import services
from services.decisions import holds
from services.two_approvers import first_of_two, is_decided, is_same_person, needs_two, of_both


def claim_needs_two(totals: Iterable[ExpenseTotal]) -> bool:
    """Return whether what is claimed in one currency is above the second limit. totals: of the claim."""
    sums: Counter[str] = Counter()
    for total in totals:
        sums[total.currency] += total.amount_cents
    return any(needs_two(cents, currency) for currency, cents in sums.items())


def first_claim_approver(claim_id: str) -> str | None:
    """Return who has approved a claim first; None before that. Raises StorageUnavailable."""
    return services().approvals.known_first_approval(claim_id, second_approval_id(claim_id))


def second_approvers(claim: ExpenseRequest, first: str) -> tuple[str, ...]:
    """Return who may approve a claim after the first: the shop's other approvers, but never the claimant."""
    approvers = services().expense_rules.approvers
    return tuple(each for each in approvers if not (is_same_person(each, first) or is_same_person(each, claim.email)))


async def is_second_approver(claim_id: str, request: ExpenseRequest, caller: Caller) -> bool:
    """Return whether a claim waits for a second approval, and the caller may be the second. Raises StorageUnavailable."""
    if not claim_needs_two(expense_totals(request.items)):
        return False
    first = await asyncio.to_thread(first_claim_approver, claim_id)
    return first is not None and any(caller.is_also(each) for each in second_approvers(request, first))


async def approval_of_two(
    request: SettleApprovalRequest, claim: ExpenseRequest, wait: ExpenseWait
) -> SettleApprovalRequest | None:
    """Return the decision of both approvers; None after the first one's, when the second is asked.

    Raises:
        AlreadyDecided: The claim is decided otherwise.
        StorageUnavailable: The same request may be sent again.
    """
    approver = request.decision.approver
    scope = second_approval_id(request.key)
    first = await first_of_two(request.key, scope, approver, may_be_first=True) or approver
    if not is_same_person(first, approver):
        return of_both(first, request)
    if not await is_decided(request):
        await asyncio.to_thread(_ask_second, request.key, claim, wait, first)
    return None


async def holds_of_two(request: SettleApprovalRequest) -> bool:
    """Return whether this decision is stored: alone, or as one of two. Raises StorageUnavailable."""
    if await holds(request):
        return True
    first = await asyncio.to_thread(first_claim_approver, request.key)
    if first is None or request.decision.decision != "approved":
        return False
    held = await asyncio.to_thread(services().approvals.decision, request.key, request.wait_id)
    if held is None or held.timed_out or held.withdrawn or held.decision.decision != "approved":
        return False
    return is_same_person(first, request.decision.approver) or await holds(of_both(first, request))


def _ask_second(claim_id: str, claim: ExpenseRequest, wait: ExpenseWait, first: str) -> None:
    """Put the mail to the second approver into the outbox, to be dead-lettered where none is left. A repeat carries the same id."""
    approvals = services().approvals
    approver = next((each for each in second_approvers(claim, first) if not approvals.is_requester(claim_id, each)), "")
    kind = NotificationKind.EXPENSE_DECISION_REQUESTED
    services().outbox.put(
        Notification(
            message_id=notification_id(claim_id, f"{kind}.second"),
            workflow=EXPENSE_APPROVAL,
            key=claim_id,
            kind=kind,
            email=approver,
            data={
                "employee_id": claim.employee_id,
                "totals": [total.to_wire() for total in expense_totals(claim.items)],
                "escalated": False,
                "first_approver": first,
                **({"link": _link(claim_id, wait, approver)} if approver else {}),
            },
        )
    )


def _link(claim_id: str, wait: ExpenseWait, approver: str) -> dict[str, Any]:
    return DecisionLink(
        workflow=EXPENSE_APPROVAL, key=claim_id, wait_id=wait.wait_id, approver=approver, expires_at=wait.expires_at
    ).to_wire()
