"""What some completed orders have bought: enough to decide whether a task hub has ever seen them."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from domain.errors import StorageUnavailable
from domain.orders.listing import OrderFilter
from domain.orders.order import OrderStatus
from domain.orders.row import OrderRow
from services.concurrency import gather_bounded
from services.container import services

SAMPLE_SIZE: Final = 50
"""How many orders, and how many of their products, are looked at."""

_log: Final = logging.getLogger(__name__)

_COMPLETED: Final = OrderFilter(status=OrderStatus.COMPLETED)


async def sold_lines() -> dict[str, Mapping[str, int]]:
    """Return the lines of some completed orders, by order id. One that cannot be read is left out."""
    page = await asyncio.to_thread(services().order_repository.list, _COMPLETED, limit=SAMPLE_SIZE)

    async def read(order_id: str) -> OrderRow | None:
        try:
            return await asyncio.to_thread(services().order_repository.get, order_id)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it concerns this one alone
            _log.error("order %s cannot be read (%s)", order_id, type(error).__name__)
            return None

    rows = await gather_bounded(read, [order.order_id for order in page.items])
    return {
        row.order_id: {line.product_id: line.quantity for line in row.order.lines}
        for row in rows
        if row is not None and row.order is not None
    }
