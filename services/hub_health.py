"""Whether the task hub takes work, and whether it is the one that the stored orders were processed in.

A probe writes to the hub, so its result is kept for a while.
"""

from typing import Final

import azure.durable_functions as df

from domain.errors import ShopError
from domain.ids import INVENTORY_ENTITY
from domain.inventory.reconciliation import find_missing_stocks
from services.container import services
from services.durable.client import DurableClient
from services.inventory.sold_lines import SAMPLE_SIZE, sold_lines
from services.inventory.stock import read_stocks

# No product can have this id; the operation changes nothing.
_NO_PRODUCT: Final = "health.check"


async def takes_work(client: DurableClient) -> bool:
    """Return whether the hub stores what is sent to it."""
    return await services().recent_checks.succeeds("hub", lambda: _send_nothing(client))


async def knows_its_orders(client: DurableClient) -> bool:
    """Return whether the hub has the stock of what stored orders have bought; a new, empty hub has not."""
    return await services().recent_checks.succeeds("stock", lambda: _look_for_missing_stock(client))


class StockMissing(ShopError):
    """The hub has no stock of a product that orders have bought: it is not the hub in which they were processed."""


async def _send_nothing(client: DurableClient) -> None:
    await client.signal_entity(df.EntityId(INVENTORY_ENTITY, _NO_PRODUCT), "get")


async def _look_for_missing_stock(client: DurableClient) -> None:
    sold = await sold_lines()
    products = sorted({product_id for lines in sold.values() for product_id in lines})[:SAMPLE_SIZE]
    # What cannot be read is not missing: it concerns one product, and closes no shop.
    stocks, unreadable = await read_stocks(client, products)
    read = set(products) - unreadable
    missing = [drift.product_id for drift in find_missing_stocks(stocks, sold) if drift.product_id in read]
    if missing:
        raise StockMissing(f"no stock is stored of {', '.join(missing[:5])}, which orders have bought: is the hub new?")
