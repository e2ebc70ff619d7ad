"""The orders and expense claims that wait for an approver, oldest first."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import azure.functions as func
from pydantic import Field

from console.web.page import ORDER_READERS, page
from console.web.rendering import address
from console.web.visit import Visit
from domain.identity import Caller, Role
from domain.orders.listing import ListedOrder, OrderFilter
from domain.orders.order import OrderStatus
from domain.page import InvalidCursor
from domain.refusals import Invalid
from domain.wire import Comment, Edge
from domain.workflows.decision import ApprovalDecision
from domain.workflows.decision_words import Decision
from services.concurrency import gather_bounded
from services.container import services
from services.expenses.decisions import decide_as_approver
from services.expenses.waiting import waiting_claims
from services.orders.asked import asked_of
from services.orders.second_limit import first_approver, needs_two
from services.pages import MAX_PAGE_SIZE
from triggers.http.support.callers import caller

_MINE_PAGE_SIZE: Final = 25
_CLAIMS_PAGE_SIZE: Final = 25
_WAITING: Final = OrderFilter(status=OrderStatus.AWAITING_APPROVAL)


class ApprovalsQuery(Edge):
    """The query of the list. A cursor leads to what waits even longer.

    Attributes:
        whose: `mine` has only that of which the caller's address was asked. For approvers with an address it is the default.
        claims_cursor: Leads to more claims, which are read by id.
        done: What was decided on the claim that led here.
    """

    whose: Literal["mine", "all"] | None = None
    cursor: Annotated[str, Field(max_length=2_000)] | None = None
    claims_cursor: Annotated[str, Field(max_length=2_000)] | None = None
    done: Decision | None = None


class ClaimForm(Edge):
    """An approver's decision on a claim, in the turn that the list showed."""

    decision: Decision
    wait_id: Annotated[str, Field(max_length=200)]
    comment: Comment | None = None


@page("GET", "approvals", roles=ORDER_READERS, menu="Approvals")
async def show_approvals(visit: Visit) -> func.HttpResponse:
    """Show what waits for a decision: of more than one page of orders the latest, and links to the others."""
    query, who = visit.query(ApprovalsQuery), caller()
    is_mine = (query.whose or ("mine" if _is_asked_by_mail(who) else "all")) == "mine"
    size = _MINE_PAGE_SIZE if is_mine else MAX_PAGE_SIZE
    try:
        waiting, claims = await asyncio.gather(
            asyncio.to_thread(services().order_repository.list, _WAITING, cursor=query.cursor, limit=size),
            waiting_claims(visit.client, query.claims_cursor, _CLAIMS_PAGE_SIZE),
        )
    except InvalidCursor:
        raise Invalid.of_field("cursor", "invalid_cursor", "Must come from this list") from None
    orders = await asked_of(visit.client, who, waiting.items) if is_mine else waiting.items
    return visit.show(
        "approvals.html",
        whose="mine" if is_mine else "all",
        orders=tuple(reversed(orders)),
        of_two_approvers=await _first_approvers(orders),
        cursor=waiting.cursor,
        claims=[each for each in claims.items if not is_mine or who.is_also(each.wait.approver)],
        claims_cursor=claims.cursor,
        done=query.done,
    )


@page("POST", "approvals/{id}", roles=frozenset({Role.APPROVER}))
async def decide_claim_in_console(visit: Visit) -> func.HttpResponse:
    """Approve or reject an expense claim."""
    claim_id, form, who = visit.id("id"), visit.form(ClaimForm), caller()
    decision = ApprovalDecision(decision=form.decision, approver=who.name, comment=form.comment)
    await decide_as_approver(visit.client, claim_id, form.wait_id, decision, who)
    return visit.go_to(address("approvals", done=form.decision))


def _is_asked_by_mail(who: Caller) -> bool:
    """Return whether the caller is an approver whose sign-in name is an address, which is what approvals ask."""
    return who.is_named and who.has(Role.APPROVER) and "@" in who.name


async def _first_approvers(orders: Sequence[ListedOrder]) -> dict[str, str | None]:
    """Return who has approved first, of each order that two have to approve."""
    ids = [
        each.order_id
        for each in orders
        if each.total_cents is not None and each.currency and needs_two(each.total_cents, each.currency)
    ]
    first = await gather_bounded(lambda order_id: asyncio.to_thread(first_approver, order_id), ids)
    return dict(zip(ids, first, strict=True))
