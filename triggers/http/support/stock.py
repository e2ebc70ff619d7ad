"""What is asked of the inventory entities from outside their orchestrations."""

import azure.durable_functions as df

from domain.ids import INVENTORY_ENTITY
from domain.inventory.stock import Stock
from domain.wire import Wire
from triggers.http.support.entities import read_entity


async def read_stock(client: df.DurableOrchestrationClient, product_id: str) -> Stock | None:
    """The product's stock as last written; None when it was never stocked."""
    return Stock.from_state(await read_entity(client, INVENTORY_ENTITY, product_id))


async def signal_stock(client: df.DurableOrchestrationClient, product_id: str, operation: str, request: Wire) -> None:
    """Ask the product's entity for an operation, without waiting for its answer."""
    await client.signal_entity(df.EntityId(INVENTORY_ENTITY, product_id), operation, request.to_wire())
