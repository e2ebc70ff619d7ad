"""What stored orders have bought: what the stock of a hub is compared with."""

import asyncio
from collections.abc import Mapping
from typing import Final

from domain.orders.order import OrderStatus
from services.container import services

SAMPLE_SIZE: Final = 50


async def sold_lines() -> dict[str, Mapping[str, int]]:
    """Return the lines of some completed orders, by order id: enough to decide whether a hub has ever seen them."""
    page = await asyncio.to_thread(services().order_repository.list, limit=SAMPLE_SIZE)
    return {
        row.order_id: {line.product_id: line.quantity for line in row.order.lines}
        for row in page.items
        if row.status is OrderStatus.COMPLETED and row.order is not None
    }
