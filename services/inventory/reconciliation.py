"""Compare products' reservations with the orders that hold them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, TypeVar

from domain.errors import StorageUnavailable
from domain.inventory.reconciliation import (
    Drift,
    DriftKind,
    LiveOrder,
    ReconciliationReport,
    find_drift,
    find_missing_stocks,
)
from domain.inventory.stock import Stock
from domain.inventory.stock_notes import PassPosition
from domain.orders.order import CANCELLABLE, OrderStatus
from services.concurrency import from_another_place, gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.inventory.reservations import release_expired_of
from services.inventory.sold_lines import sold_lines
from services.inventory.stock import read_stock
from services.orders.status import OrderView, find_order
from services.pages import MAX_PAGE_SIZE

_MAX_OPEN_ORDERS: Final = 5_000
# A little less than a day: the next night's first run is to begin the next pass.
_PASS_INTERVAL: Final = timedelta(hours=20)
_HOLDS_GOODS: Final = CANCELLABLE - {OrderStatus.ACCEPTED}

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Comparison:
    """One comparison of products with the orders, some products at a time.

    The open orders are read once, and of an outage there may be more than one run can read: so many at most, and each run others.
    A difference counts when a second look at its product and its orders shows it too: orders move while they are read.
    """

    def __init__(self, client: DurableClient, now: datetime) -> None:
        self._client = client
        self._now = now
        self._open: dict[str, LiveOrder] | None = None
        self._sold: Mapping[str, Mapping[str, int]] = {}
        self._drift: dict[Drift, None] = {}
        self._products, self._orders = set[str](), set[str]()
        self._unread: set[str] = set()
        self._unreadable_products, self._unreadable_orders = set[str](), set[str]()
        self._is_complete = True

    async def compare(self, products: Iterable[str]) -> list[Drift]:
        """Compare products, and the first time those that some completed orders have bought. Return the differences."""
        asked = set(products)
        first = self._open is None
        if first:
            self._sold = await sold_lines()
            asked.update(chain.from_iterable(self._sold.values()))
        # Stock first: an order that has ended by the time it is read must have released its goods before.
        stocks = await self._stocks(asked)
        if self._open is None:
            self._open = await self._read_open()
        holders = await self._read_holders(stocks, self._open)
        found = self._find(asked, stocks, {**self._open, **holders})
        if found:
            found = await self._seen_again(found)
        self._drift |= dict.fromkeys(found)
        return found

    @property
    def products_of_open_orders(self) -> frozenset[str]:
        """The products of the open orders that were read, once there was a comparison."""
        return frozenset(chain.from_iterable(order.lines or () for order in (self._open or {}).values()))

    async def _seen_again(self, found: Collection[Drift]) -> list[Drift]:
        products, orders = {drift.product_id for drift in found}, {drift.order_id for drift in found}
        stocks = await self._stocks(products)
        again = self._find(products, stocks, await self._read(orders))
        without_stock = {drift.product_id for drift in found if drift.kind is DriftKind.STOCK_MISSING}
        return [
            drift
            for drift in again
            # A product without stock is one difference, whichever of its orders is named.
            if drift in found or (drift.kind is DriftKind.STOCK_MISSING and drift.product_id in without_stock)
        ]

    def report(self, *, is_complete: bool = True) -> ReconciliationReport:
        """Return what was found. is_complete: whether every product was compared."""
        return ReconciliationReport(
            as_of=self._now,
            products=len(self._products),
            orders=len(self._orders),
            drift=tuple(self._drift),
            is_complete=is_complete and self._is_complete,
        )

    def _find(self, asked: Collection[str], stocks: Mapping[str, Stock], live: Mapping[str, LiveOrder]) -> list[Drift]:
        self._products.update(stocks)
        self._orders.update(live)
        holding = {order_id: order.lines for order_id, order in live.items() if order.lines and order.has_reserved}
        missing = [
            drift for drift in find_missing_stocks(stocks, {**holding, **self._sold}) if drift.product_id in asked
        ]
        unread = self._unread | self._unreadable_orders
        return [
            drift
            for drift in (*find_drift(stocks, live), *missing)
            if drift.order_id not in unread and drift.product_id not in self._unreadable_products
        ]

    async def _stocks(self, products: Collection[str]) -> dict[str, Stock]:
        async def read(product_id: str) -> tuple[str, Stock | None]:
            reading = read_stock(self._client, product_id)
            return product_id, await self._unless_unreadable(reading, product_id, self._unreadable_products)

        found = await gather_bounded(read, sorted(products))
        return {product_id: stock for product_id, stock in found if stock is not None}

    async def _read_open(self) -> dict[str, LiveOrder]:
        """Return those of the orders that have not ended in the repository that are still running."""
        unfinished = await asyncio.to_thread(_unfinished_ids, self._now)
        some = from_another_place(sorted(unfinished), self._now)[:_MAX_OPEN_ORDERS]
        self._is_complete = self._is_complete and len(some) == len(unfinished)
        return await self._read(some)

    async def _read_holders(self, stocks: Mapping[str, Stock], known: Mapping[str, LiveOrder]) -> dict[str, LiveOrder]:
        """Return those orders besides the known ones that hold goods and are still running: so many at most, each run others."""
        holders = {order_id for stock in stocks.values() for order_id in stock.reservations} - known.keys()
        some = from_another_place(sorted(holders), self._now)[:_MAX_OPEN_ORDERS]
        self._unread = holders.difference(some)
        self._is_complete = self._is_complete and not self._unread
        return await self._read(some)

    async def _read(self, order_ids: Iterable[str]) -> dict[str, LiveOrder]:
        async def view(order_id: str) -> OrderView | None:
            return await self._unless_unreadable(find_order(self._client, order_id), order_id, self._unreadable_orders)

        views = filter(None, await gather_bounded(view, sorted(order_ids)))
        return {view.order_id: _live_order(view) for view in views if view.is_known and view.is_running}

    async def _unless_unreadable(self, reading: Awaitable[T], key: str, left_out: set[str]) -> T | None:
        """Return what is read. What cannot be is left out of the comparison, and holds up no other."""
        try:
            return await reading
        except StorageUnavailable:
            raise
        except Exception:  # noqa: BLE001 - see above
            _log.exception("%s cannot be read, and is not compared", key)
            left_out.add(key)
            self._is_complete = False
            return None


async def reconcile(client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> ReconciliationReport:
    """Compare all products of the catalogue, or as many as there is time for; the report says which it is."""
    comparison, cursor = Comparison(client, now), None
    while True:
        page = await asyncio.to_thread(services().catalogue.list, cursor=cursor, limit=MAX_PAGE_SIZE)
        await comparison.compare(product.product_id for product in page.items)
        cursor = page.cursor
        if cursor is None or not has_time():
            return comparison.report(is_complete=cursor is None)


async def reconcile_changed(client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> ReconciliationReport:
    """Compare the products that have changed since the last run, or differed or were in open orders then.

    The oldest first, while there is time.
    """
    notes = services().inventory_notes
    comparison = Comparison(client, now)
    changed = sorted(await asyncio.to_thread(notes.changed, now), key=lambda note: note.hour)
    reached = 0
    while True:
        page = changed[reached : reached + MAX_PAGE_SIZE]
        reached += len(page)
        found = {drift.product_id for drift in await comparison.compare({note.product_id for note in page})}
        # What an open order does next to a stock may be later than the next run, and is noted by nothing else.
        await notes.note_changes(found | comparison.products_of_open_orders, now)
        await asyncio.to_thread(notes.looked_at, page, now)
        if reached == len(changed) or not has_time():
            return comparison.report(is_complete=reached == len(changed))


async def check_all(client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> ReconciliationReport | None:
    """Go on with the pass over all products, noted or not: release what has expired, and compare with the orders.

    A pass begins once a day. How far it is is stored after each page, so that it goes on where the last run has ended.

    Returns:
        What this run has found; None when today's pass is over.
    """
    notes = services().inventory_notes
    position = await asyncio.to_thread(notes.pass_position)
    if position is not None and position.is_over and abs(now - position.begun_at) < _PASS_INTERVAL:
        return None
    begun_at, cursor = (now, None) if position is None or position.is_over else (position.begun_at, position.cursor)
    comparison = Comparison(client, now)
    while True:
        page = await asyncio.to_thread(services().catalogue.list, cursor=cursor, limit=MAX_PAGE_SIZE)
        await release_expired_of(client, page.items, now)
        await comparison.compare(product.product_id for product in page.items)
        cursor = page.cursor
        await asyncio.to_thread(notes.move_pass, PassPosition(begun_at=begun_at, cursor=cursor))
        if cursor is None or not has_time():
            return comparison.report(is_complete=cursor is None)


def _live_order(view: OrderView) -> LiveOrder:
    order = None if view.row is None else view.row.order
    lines = None if order is None else {line.product_id: line.quantity for line in order.lines}
    return LiveOrder(lines=lines, has_reserved=view.progress.status in _HOLDS_GOODS)


def _unfinished_ids(now: datetime) -> set[str]:
    return {reminder.key for reminder in services().order_repository.intake.open_runs(now)}
