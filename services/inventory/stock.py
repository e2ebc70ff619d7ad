"""Read and change the stock of a product from outside of orchestrations."""

import asyncio

import azure.durable_functions as df

from domain.ids import INVENTORY_ENTITY
from domain.inventory.stock import Stock
from domain.wire import Wire
from services.container import services
from services.durable.client import DurableClient
from services.durable.entities import read_entity
from services.pages import all_items


async def read_stock(client: DurableClient, product_id: str) -> Stock | None:
    """Return the product's stock as last written; None when it was never stocked."""
    return Stock.from_state(await read_entity(client, INVENTORY_ENTITY, product_id))


async def signal_stock(client: DurableClient, product_id: str, operation: str, request: Wire) -> None:
    """Send an operation to the product's entity, without waiting for its answer."""
    await client.signal_entity(df.EntityId(INVENTORY_ENTITY, product_id), operation, request.to_wire())


async def product_ids() -> list[str]:
    """Return the ids of all products of the catalogue."""
    return await asyncio.to_thread(_product_ids)


def _product_ids() -> list[str]:
    return [product.product_id for product in all_items(services().catalogue.list)]
