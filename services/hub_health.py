"""Whether the task hub takes work, and whether it is the one that the stored orders were processed in.

A probe writes to the hub, so its result is kept for a while: anyone may ask, and no flood of questions may become one of writes.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import azure.durable_functions as df

from domain.errors import ShopError
from domain.ids import INVENTORY_ENTITY
from domain.inventory.reconciliation import find_missing_stocks
from domain.inventory.stock import Stock
from domain.orders.order import OrderStatus
from services.concurrency import gather_bounded
from services.container import services
from services.durable_client import DurableClient
from services.stock import read_stock

_SAMPLE: Final = 50
# No product can have this id; the operation changes nothing.
_NO_PRODUCT: Final = "health.check"


async def takes_work(client: DurableClient) -> bool:
    """Return whether the hub stores what is sent to it."""
    return await services().recent_successes.has("hub", lambda: _send_nothing(client))


async def knows_its_orders(client: DurableClient) -> bool:
    """Return whether the hub has the stock of what stored orders have bought; a new, empty hub has not."""
    return await services().recent_successes.has("stock", lambda: _look_for_missing_stock(client))


class StockMissing(ShopError):
    """The hub has no stock of a product that orders have bought: it is not the hub in which they were processed."""


async def sold_lines() -> dict[str, Mapping[str, int]]:
    """Return the lines of some completed orders, by order id: enough to decide whether a hub has ever seen them."""
    page = await asyncio.to_thread(services().order_repository.list, limit=_SAMPLE)
    return {
        row.order_id: {line.product_id: line.quantity for line in row.order.lines}
        for row in page.items
        if row.status is OrderStatus.COMPLETED and row.order is not None
    }


async def _send_nothing(client: DurableClient) -> None:
    await client.signal_entity(df.EntityId(INVENTORY_ENTITY, _NO_PRODUCT), "get")


async def _look_for_missing_stock(client: DurableClient) -> None:
    sold = await sold_lines()
    products = sorted({product_id for lines in sold.values() for product_id in lines})[:_SAMPLE]

    async def read(product_id: str) -> tuple[str, Stock | None]:
        return product_id, await read_stock(client, product_id)

    found = await gather_bounded(read, products)
    stocks = {product_id: stock for product_id, stock in found if stock is not None}
    missing = [drift.product_id for drift in find_missing_stocks(stocks, sold) if drift.product_id in products]
    if missing:
        raise StockMissing(f"no stock is stored of {', '.join(missing[:5])}, which orders have bought: is the hub new?")
