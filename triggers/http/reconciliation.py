"""Compare every product's reservations with the orders that hold them, now."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.inventory.reconciliation import Drift, LiveOrder, ReconciliationReport, find_drift
from domain.inventory.stock import Stock
from domain.orders.order import CANCELLABLE, OrderStatus
from services.concurrency import gather_bounded
from services.container import services
from services.stock import read_stock
from triggers.http.support.operation import operation
from triggers.http.support.order_view import OrderView, find_order
from triggers.http.support.paging import every
from triggers.http.support.responses import answer

bp = df.Blueprint()


_HOLDS_ITS_GOODS: Final = CANCELLABLE - {OrderStatus.ACCEPTED}


@operation(
    bp,
    "GET",
    "reconciliation",
    answers={200: ReconciliationReport},
)
async def get_reconciliation(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Compare the inventory with the orders that hold it.

    The report is made on request and reads every open order, so ask for it rarely.
    """
    return answer(await reconcile(client, datetime.now(UTC)))


async def reconcile(client: df.DurableOrchestrationClient, now: datetime) -> ReconciliationReport:
    """Orders move while they are looked at: only what two looks in a row show is reported as drift."""
    first = await _look(client, now)
    if not first.drift:
        return first
    second = await _look(client, now)
    lasting = tuple(drift for drift in second.drift if drift in first.drift)
    return second.model_copy(update={"drift": lasting})


async def catalogue_ids() -> list[str]:
    """The ids of all products."""
    return await asyncio.to_thread(_catalogue_ids)


async def _look(client: df.DurableOrchestrationClient, now: datetime) -> ReconciliationReport:
    # Stock first: an order that has ended by the time it is looked at must have let go of its goods before.
    stocks = await _stocks(client)
    live = await _live_orders(client, stocks.values())
    drift: tuple[Drift, ...] = tuple(find_drift(stocks, live))
    return ReconciliationReport(as_of=now, products=len(stocks), orders=len(live), drift=drift)


async def _stocks(client: df.DurableOrchestrationClient) -> dict[str, Stock]:
    async def read(product_id: str) -> tuple[str, Stock | None]:
        return product_id, await read_stock(client, product_id)

    found = await gather_bounded(read, await catalogue_ids())
    return {product_id: stock for product_id, stock in found if stock is not None}


async def _live_orders(client: df.DurableOrchestrationClient, stocks: Iterable[Stock]) -> dict[str, LiveOrder]:
    """Of all orders that the repository calls unfinished or that hold goods: those that are still on their way."""
    holders = {order_id for stock in stocks for order_id in stock.reservations}
    unfinished = await asyncio.to_thread(_unfinished_ids)

    async def look(order_id: str) -> OrderView:
        return await find_order(client, order_id)

    views = await gather_bounded(look, sorted(holders | unfinished))
    return {view.order_id: _live_order(view) for view in views if view.is_known and view.is_running}


def _live_order(view: OrderView) -> LiveOrder:
    order = None if view.row is None else view.row.order
    lines = None if order is None else {line.product_id: line.quantity for line in order.lines}
    return LiveOrder(lines=lines, has_reserved=view.progress.status in _HOLDS_ITS_GOODS)


def _catalogue_ids() -> list[str]:
    return [product.product_id for product in every(services().catalogue.list)]


def _unfinished_ids() -> set[str]:
    return {row.order_id for status in CANCELLABLE for row in every(services().order_repository.list, status=status)}
