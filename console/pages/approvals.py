"""The orders that wait for an approver, oldest first."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

import azure.functions as func
from pydantic import Field

from console.web.page import ORDER_READERS, page
from console.web.visit import Visit
from domain.orders.listing import ListedOrder, OrderFilter
from domain.orders.order import OrderStatus
from domain.page import InvalidCursor, Page
from domain.refusals import Invalid
from domain.wire import Edge
from services.concurrency import gather_bounded
from services.container import services
from services.orders.second_limit import first_approver, needs_two
from services.pages import MAX_PAGE_SIZE

_WAITING: Final = OrderFilter(status=OrderStatus.AWAITING_APPROVAL)


class ApprovalsQuery(Edge):
    """The query of the list. The cursor leads to what waits even longer."""

    cursor: Annotated[str, Field(max_length=2_000)] | None = None


@page("GET", "approvals", roles=ORDER_READERS, menu="Approvals")
async def show_approvals(visit: Visit) -> func.HttpResponse:
    """Show the orders that wait for a decision: of more than one page the latest, and a link to the others."""
    query = visit.query(ApprovalsQuery)
    waiting = await asyncio.to_thread(_read, query.cursor)
    orders = tuple(reversed(waiting.items))
    return visit.show(
        "approvals.html", orders=orders, of_two_approvers=await _first_approvers(orders), cursor=waiting.cursor
    )


async def _first_approvers(orders: Sequence[ListedOrder]) -> dict[str, str | None]:
    """Return who has approved first, of each order that two have to approve."""
    ids = [
        each.order_id
        for each in orders
        if each.total_cents is not None and each.currency and needs_two(each.total_cents, each.currency)
    ]
    first = await gather_bounded(lambda order_id: asyncio.to_thread(first_approver, order_id), ids)
    return dict(zip(ids, first, strict=True))


def _read(cursor: str | None) -> Page[ListedOrder]:
    try:
        return services().order_repository.list(_WAITING, cursor=cursor, limit=MAX_PAGE_SIZE)
    except InvalidCursor:
        raise Invalid.of_field("cursor", "invalid_cursor", "Must come from this list") from None
