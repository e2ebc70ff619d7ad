"""Read and change the stock of a product from outside of orchestrations."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import azure.durable_functions as df

from domain.ids import INVENTORY_ENTITY
from domain.inventory.stock import Stock
from domain.keyed_changes import KeyedChange
from domain.refusals import Conflict
from domain.wire import Wire
from domain.workflows.steps import Outcome, StepResult
from services.container import services
from services.durable.client import DurableClient
from services.durable.entities import read_entity
from services.pages import all_items

C = TypeVar("C", bound=KeyedChange)


class MovementRefused(Conflict):
    """The stock does not allow the movement."""

    def __init__(self, refusal: StepResult) -> None:
        super().__init__(refusal.reason_code or "refused", f"The stock does not allow it: {refusal.message}.")


async def read_stock(client: DurableClient, product_id: str) -> Stock | None:
    """Return the product's stock as last written; None when it was never stocked."""
    return Stock.from_state(await read_entity(client, INVENTORY_ENTITY, product_id))


async def signal_stock(client: DurableClient, product_id: str, operation: str, request: Wire) -> None:
    """Send an operation to the product's entity, without waiting for its answer."""
    await client.signal_entity(df.EntityId(INVENTORY_ENTITY, product_id), operation, request.to_wire())


async def move_stock(
    client: DurableClient,
    product_id: str,
    rule: Callable[[Stock | None, C], tuple[Stock | None, StepResult]],
    request: C,
) -> None:
    """Send a movement to the product's entity.

    Args:
        client: The durable client.
        product_id: Of the product.
        rule: By which the entity will decide.
        request: The movement.

    Raises:
        MovementRefused: The rule refuses it already. The entity decides again when the signal arrives, which has no answer.
    """
    _, expected = rule(await read_stock(client, product_id), request)
    if expected.outcome is not Outcome.DONE:
        raise MovementRefused(expected)
    await signal_stock(client, product_id, request.operation, request)


async def product_ids() -> list[str]:
    """Return the ids of all products of the catalogue."""
    return await asyncio.to_thread(_product_ids)


def _product_ids() -> list[str]:
    return [product.product_id for product in all_items(services().catalogue.list)]
