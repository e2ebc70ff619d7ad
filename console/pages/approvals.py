"""The orders and expense claims that wait for an approver: one list, oldest first."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, NamedTuple

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
from domain.wire import Comment, Edge, Timestamp
from domain.workflows.decision import ApprovalDecision
from domain.workflows.decision_words import Decision
from domain.workflows.run import Run
from services.concurrency import gather_bounded
from services.container import services
from services.expenses.decisions import decide_as_approver
from services.expenses.waiting import open_claims, waiting_claims
from services.orders.asked import asked_of
from services.orders.second_limit import first_approver
from services.pages import MAX_PAGE_SIZE
from services.two_approvers import needs_two
from triggers.http.support.callers import caller

# Of each order or claim of these pages the status is read.
_MINE_PAGE_SIZE: Final = 25
_MAX_CLAIMS: Final = 50
_WAITING: Final = OrderFilter(status=OrderStatus.AWAITING_APPROVAL)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class ApprovalsQuery(Edge):
    """The query of the list.

    Attributes:
        whose: `mine` has only that of which the caller's address was asked. For approvers with an address it is the default.
        cursor: Leads to orders that wait even longer.
        before: Leaves out what was placed or claimed later.
        done: What was decided on the claim that led here; `first` for the approval that waits for a second one.
    """

    whose: Literal["mine", "all"] | None = None
    cursor: Annotated[str, Field(max_length=2_000)] | None = None
    before: Timestamp | None = None
    done: Literal["approved", "rejected", "first"] | None = None


class ClaimForm(Edge):
    """An approver's decision on a claim, in the turn that the list showed."""

    decision: Decision
    wait_id: Annotated[str, Field(max_length=200)]
    comment: Comment | None = None


class _Part(NamedTuple):
    """A part of the list, and the query of what waits even longer."""

    orders: Sequence[ListedOrder]
    claims: Sequence[Run]
    longer: dict[str, str] | None


@page("GET", "approvals", roles=ORDER_READERS, menu="Approvals")
async def show_approvals(visit: Visit) -> func.HttpResponse:
    """Show what waits for a decision: of more than one page the latest, and a link to the others."""
    query, who = visit.query(ApprovalsQuery), caller()
    is_mine = (query.whose or ("mine" if _is_asked_by_mail(who) else "all")) == "mine"
    part = await _part(query, _MINE_PAGE_SIZE if is_mine else MAX_PAGE_SIZE)
    claims = await waiting_claims(visit.client, part.claims)
    orders = await asked_of(visit.client, who, part.orders) if is_mine else part.orders
    entries: list[tuple[datetime, Any]] = [(_since(order), order) for order in orders]
    entries += [(claim.since, claim) for claim in claims if not is_mine or claim.asks(who)]
    return visit.show(
        "approvals.html",
        whose="mine" if is_mine else "all",
        entries=[entry for _, entry in sorted(entries, key=lambda each: each[0])],
        of_two_approvers=await _first_approvers(orders),
        longer=part.longer,
        query=query,
        done=query.done,
    )


@page("POST", "approvals/{id}", roles=frozenset({Role.APPROVER}))
async def decide_claim_in_console(visit: Visit) -> func.HttpResponse:
    """Approve or reject an expense claim."""
    claim_id, form, who = visit.id("id"), visit.form(ClaimForm), caller()
    decision = ApprovalDecision(decision=form.decision, approver=who.name, comment=form.comment)
    is_decided = await decide_as_approver(visit.client, claim_id, form.wait_id, decision, who)
    return visit.go_to(address("approvals", done=form.decision if is_decided else "first"))


async def _part(query: ApprovalsQuery, size: int) -> _Part:
    """Return the latest orders of one page, and the claims of the same time; of many claims the latest, and the orders since."""
    try:
        orders, runs = await asyncio.gather(
            asyncio.to_thread(services().order_repository.list, _WAITING, cursor=query.cursor, limit=size),
            open_claims(),
        )
    except InvalidCursor:
        raise Invalid.of_field("cursor", "invalid_cursor", "Must come from this list") from None
    shown = [order for order in orders.items if query.before is None or _since(order) <= query.before]
    since = min(map(_since, shown), default=_NEVER) if orders.cursor is not None else _NEVER
    claims = [
        run for run in runs if since <= run.accepted_at and (query.before is None or run.accepted_at < query.before)
    ]
    if len(claims) > _MAX_CLAIMS:
        since = claims[_MAX_CLAIMS - 1].accepted_at
        longer = {"before": since.isoformat()} | ({} if query.cursor is None else {"cursor": query.cursor})
        claims = [run for run in claims if run.accepted_at >= since]
        return _Part([order for order in shown if _since(order) >= since], claims, longer)
    return _Part(
        shown, claims, None if orders.cursor is None else {"cursor": orders.cursor, "before": since.isoformat()}
    )


def _since(order: ListedOrder) -> datetime:
    return order.placed_at or order.updated_at


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
