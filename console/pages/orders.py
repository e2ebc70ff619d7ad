"""The list of orders: newest first, searched, filtered, page by page. All of it stands in the address."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Final

import azure.functions as func
from pydantic import Field

from console.web.csv_answer import csv_answer
from console.web.page import ORDER_READERS, page
from console.web.rendering import address
from console.web.visit import Visit
from domain.field_error import FieldError
from domain.orders.listing import ListedOrder, OrderFilter
from domain.orders.order import OrderStatus
from domain.page import InvalidCursor, Page
from domain.refusals import Invalid
from domain.wire import Day, Edge
from services.container import services
from services.orders.counts import counts_by_status
from services.orders.search import SearchKind, condition, kind_of_term
from services.orders.status import find_order
from services.pages import all_items

_PAGE_SIZE: Final = 50
_MAX_EXPORTED_COUNT: Final = 10_000
_NOTHING: Final[Page[ListedOrder]] = Page((), None)
_COLUMNS: Final = ("order_id", "customer_id", "status", "total_cents", "currency", "placed_at", "updated_at")


class OrdersQuery(Edge):
    """The query of the list. `since` and `until` are days, both included; `by` says what the search term `q` is."""

    q: Annotated[str, Field(max_length=255)] | None = None
    by: SearchKind | None = None
    status: OrderStatus | None = None
    since: Day | None = None
    until: Day | None = None
    cursor: Annotated[str, Field(max_length=2_000)] | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The query without the place in the list, for addresses."""
        return {name: value for name, value in self.to_wire().items() if name != "cursor" and value is not None}


@page("GET", "orders", roles=ORDER_READERS, menu="Orders")
async def show_orders(visit: Visit) -> func.HttpResponse:
    """Show one page of orders. A term whose kind is not known leads to the page of what it finds."""
    query = visit.query(OrdersQuery)
    term = (query.q or "").strip()
    if term and query.by is None:
        found = await kind_of_term(visit.client, term)
        if found is not None:
            return visit.go_to(address("orders", **{**query.fields, "q": term, "by": found}))
    if term and query.by is SearchKind.ORDER and (await find_order(visit.client, term)).is_known:
        return visit.go_to(address(f"orders/{term}"))
    listed = await asyncio.to_thread(_read, query)
    return visit.show("orders.html", query=query, orders=listed, statuses=tuple(OrderStatus), kinds=tuple(SearchKind))


@page("GET", "order-counts", roles=ORDER_READERS)
async def show_counts(visit: Visit) -> func.HttpResponse:
    """Show the filters with the number of orders behind each. The list itself does not wait for them."""
    query = visit.query(OrdersQuery)
    counts = await asyncio.to_thread(counts_by_status)
    return visit.show("order_filters.html", query=query, statuses=tuple(OrderStatus), counts=counts)


@page("GET", "orders.csv", roles=ORDER_READERS)
async def export_orders(visit: Visit) -> func.HttpResponse:
    """Return the orders of the list, all pages up to a limit, as CSV for a spreadsheet."""
    query = visit.query(OrdersQuery)
    return csv_answer("orders.csv", _COLUMNS, await asyncio.to_thread(_exported, query))


def _read(query: OrdersQuery) -> Page[ListedOrder]:
    wanted = _wanted(query)
    if wanted is None:
        return _NOTHING
    try:
        return services().order_repository.list(wanted, cursor=query.cursor, limit=_PAGE_SIZE)
    except InvalidCursor:
        field = FieldError(field="cursor", rule="invalid_cursor", message="Must come from this list")
        raise Invalid([field]) from None


def _exported(query: OrdersQuery) -> list[dict[str, Any]]:
    wanted, rows = _wanted(query), list[dict[str, Any]]()
    if wanted is None:
        return rows
    for order in all_items(lambda **asked: services().order_repository.list(wanted, **asked)):
        if len(rows) == _MAX_EXPORTED_COUNT:
            break
        rows.append(order.to_wire())
    return rows


def _wanted(query: OrdersQuery) -> OrderFilter | None:
    """Return the filter of a query; None when no order can meet it."""
    term = (query.q or "").strip()
    if term and query.by in (None, SearchKind.ORDER):
        return None
    searched = condition(query.by, term) if term and query.by is not None else {}
    if searched is None:
        return None
    return OrderFilter(
        **searched,
        status=query.status,
        placed_from=None if query.since is None else datetime.combine(query.since, time.min, UTC),
        placed_to=None if query.until is None else datetime.combine(query.until + timedelta(days=1), time.min, UTC),
    )
