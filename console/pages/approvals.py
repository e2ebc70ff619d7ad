"""The orders that wait for an approver, oldest first."""

import asyncio
from typing import Annotated, Final

import azure.functions as func
from pydantic import Field

from console.web.page import page
from console.web.visit import Visit
from domain.orders.listing import ListedOrder, OrderFilter
from domain.orders.order import OrderStatus
from domain.page import InvalidCursor, Page
from domain.refusals import Invalid
from domain.wire import Edge
from services.container import services
from services.pages import MAX_PAGE_SIZE

_WAITING: Final = OrderFilter(status=OrderStatus.AWAITING_APPROVAL)


class ApprovalsQuery(Edge):
    """The query of the list. The cursor leads to what waits even longer."""

    cursor: Annotated[str, Field(max_length=2_000)] | None = None


@page("GET", "approvals", menu="Approvals")
async def show_approvals(visit: Visit) -> func.HttpResponse:
    """Show the orders that wait for a decision: of more than one page the latest, and a link to the others."""
    query = visit.query(ApprovalsQuery)
    waiting = await asyncio.to_thread(_read, query.cursor)
    return visit.show("approvals.html", orders=tuple(reversed(waiting.items)), cursor=waiting.cursor)


def _read(cursor: str | None) -> Page[ListedOrder]:
    try:
        return services().order_repository.list(_WAITING, cursor=cursor, limit=MAX_PAGE_SIZE)
    except InvalidCursor:
        raise Invalid.of_field("cursor", "invalid_cursor", "Must come from this list") from None
