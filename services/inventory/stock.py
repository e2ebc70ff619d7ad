"""Read and change the stock of a product from outside of orchestrations."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeVar

import azure.durable_functions as df

from domain.catalogue.product import Product
from domain.errors import ShopError
from domain.ids import INVENTORY_ENTITY
from domain.inventory.stock import Stock
from domain.inventory.transfers import merged
from domain.keyed_changes import KeyedChange
from domain.refusals import Conflict
from domain.wire import Wire
from domain.workflows.steps import Outcome, StepResult
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.durable.entities import read_entity
from services.pages import all_items

C = TypeVar("C", bound=KeyedChange)

_log: Final = logging.getLogger(__name__)


_MERGE_FIRST: Final = (
    " in the first of the product's shards, where corrections are made: set its stock_shards to 1, and send this again when the"
    " other shards have given their units back, some minutes later"
)


class StockUnreadable(ShopError):
    """The state of a stock is not in the form in which its entity stores it."""


class MovementRefused(Conflict):
    """The stock does not allow the movement."""

    def __init__(self, refusal: StepResult, remedy: str = "") -> None:
        super().__init__(refusal.reason_code or "refused", f"The stock does not allow it: {refusal.message}{remedy}.")


async def read_stock(client: DurableClient, product_id: str) -> Stock | None:
    """Return the product's stock as last written, all shards as one; None when it was never stocked. Raises StockUnreadable."""
    shards = await read_shards(client, product_id)
    return merged(shards) if shards else None


async def read_stocks(client: DurableClient, product_ids: Iterable[str]) -> tuple[dict[str, Stock], frozenset[str]]:
    """Return the stocks of products that were ever stocked, and the products whose stock cannot be read.

    These are named in the log, and hold up no other.
    """
    asked, unreadable = list(product_ids), set[str]()

    async def read(product_id: str) -> Stock | None:
        try:
            return await read_stock(client, product_id)
        except StockUnreadable:
            _log.error("the stock of %s cannot be read", product_id)
            unreadable.add(product_id)
            return None

    found = zip(asked, await gather_bounded(read, asked), strict=True)
    return {product_id: stock for product_id, stock in found if stock is not None}, frozenset(unreadable)


async def read_shards(client: DurableClient, product_id: str) -> dict[str, Stock]:
    """Return the stocks of the product's shards by entity key, its own first; none when it was never stocked.

    Every shard got its units from another one, which names it: so the shards of earlier splits are found, too.

    Raises:
        StockUnreadable: One of them cannot be read.
    """
    found: dict[str, Stock] = {}
    unread, known = [product_id], {product_id}
    while unread:
        stocks = await gather_bounded(partial(_read_shard, client), unread)
        found |= {key: stock for key, stock in zip(unread, stocks, strict=True) if stock is not None}
        unread = sorted({peer for stock in found.values() for peer in stock.peers} - known)
        known.update(unread)
    return found


async def signal_stock(client: DurableClient, key: str, operation: str, request: Wire) -> None:
    """Send an operation to the entity of a product or of a shard, without waiting for its answer."""
    await client.signal_entity(df.EntityId(INVENTORY_ENTITY, key), operation, request.to_wire())


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
    # A shard decides on its own units only, so a product that is split is corrected where most movements are: in its first shard.
    shards = await read_shards(client, product_id)
    _, expected = rule(shards.get(product_id), request)
    if expected.outcome is not Outcome.DONE:
        is_elsewhere = len(shards) > 1 and rule(merged(shards), request)[1].outcome is Outcome.DONE
        raise MovementRefused(expected, _MERGE_FIRST if is_elsewhere else "")
    await asyncio.to_thread(services().inventory_notes.note_change, product_id, request.requested_at)
    await signal_stock(client, product_id, request.operation, request)


async def _read_shard(client: DurableClient, key: str) -> Stock | None:
    state = await read_entity(client, INVENTORY_ENTITY, key)
    try:
        return Stock.from_state(state)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StockUnreadable(f"the state of {key} cannot be read ({type(error).__name__})") from None


async def product_ids() -> list[str]:
    """Return the ids of all products of the catalogue."""
    return [product.product_id for product in await products()]


async def products() -> list[Product]:
    """Return all products of the catalogue."""
    return await asyncio.to_thread(lambda: list(all_items(services().catalogue.list)))
