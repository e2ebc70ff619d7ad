"""Compare every product's reservations with the orders that hold them, now."""

import asyncio
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import chain
from typing import Final

from domain.inventory.reconciliation import Drift, LiveOrder, ReconciliationReport, find_drift, find_missing_stocks
from domain.inventory.stock import Stock
from domain.orders.order import CANCELLABLE, OrderStatus
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.inventory.sold_lines import sold_lines
from services.inventory.stock import product_ids, read_stock
from services.orders.status import OrderView, find_order

_HOLDS_GOODS: Final = CANCELLABLE - {OrderStatus.ACCEPTED}


async def reconcile(
    client: DurableClient, now: datetime, products: Collection[str] | None = None
) -> ReconciliationReport:
    """Return the drift that two comparisons in a row show: orders move while they are read.

    Args:
        client: The durable client.
        now: The present time.
        products: Compared; None for all of the catalogue.
    """
    first = await _compare(client, now, products)
    if not first.drift:
        return first
    second = await _compare(client, now, products)
    lasting = tuple(drift for drift in second.drift if drift in first.drift)
    return second.model_copy(update={"drift": lasting})


async def reconcile_changed(client: DurableClient, now: datetime) -> ReconciliationReport:
    """Compare the products that have changed since the last run, or differed then."""
    notes = services().inventory_notes
    changed = await asyncio.to_thread(notes.changed, now)
    report = await reconcile(client, now, sorted({note.product_id for note in changed}))
    for drift in report.drift:
        await asyncio.to_thread(notes.note_change, drift.product_id, now)
    await asyncio.to_thread(notes.looked_at, changed, now)
    return report


async def _compare(client: DurableClient, now: datetime, products: Collection[str] | None) -> ReconciliationReport:
    sold = await sold_lines()
    asked = await product_ids() if products is None else sorted({*products, *chain.from_iterable(sold.values())})
    # Stock first: an order that has ended by the time it is read must have released its goods before.
    stocks = await _stocks(client, asked)
    live = await _live_orders(client, stocks.values(), now)
    holding = {order_id: order.lines for order_id, order in live.items() if order.lines and order.has_reserved}
    missing = [drift for drift in find_missing_stocks(stocks, {**holding, **sold}) if drift.product_id in asked]
    drift: tuple[Drift, ...] = (*find_drift(stocks, live), *missing)
    return ReconciliationReport(as_of=now, products=len(stocks), orders=len(live), drift=drift)


async def _stocks(client: DurableClient, products: Collection[str]) -> dict[str, Stock]:
    async def read(product_id: str) -> tuple[str, Stock | None]:
        return product_id, await read_stock(client, product_id)

    found = await gather_bounded(read, products)
    return {product_id: stock for product_id, stock in found if stock is not None}


async def _live_orders(client: DurableClient, stocks: Iterable[Stock], now: datetime) -> dict[str, LiveOrder]:
    """Return those of the orders that have not ended in the repository, or hold goods, that are still running."""
    holders = {order_id for stock in stocks for order_id in stock.reservations}
    unfinished = await asyncio.to_thread(_unfinished_ids, now)

    async def view(order_id: str) -> OrderView:
        return await find_order(client, order_id)

    views = await gather_bounded(view, sorted(holders | unfinished))
    return {view.order_id: _live_order(view) for view in views if view.is_known and view.is_running}


def _live_order(view: OrderView) -> LiveOrder:
    order = None if view.row is None else view.row.order
    lines = None if order is None else {line.product_id: line.quantity for line in order.lines}
    return LiveOrder(lines=lines, has_reserved=view.progress.status in _HOLDS_GOODS)


def _unfinished_ids(now: datetime) -> set[str]:
    return {reminder.key for reminder in services().order_repository.intake.open_runs(now)}
