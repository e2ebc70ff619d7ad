"""Release goods that are reserved for orders whose instance failed for good, was terminated or is gone.

An order that runs keeps its goods, however long it takes.
"""

import logging
from datetime import datetime
from typing import Final

from domain.ids import order_instance_id
from domain.inventory.requests import ExpireRequest
from domain.inventory.stock import Stock, expire
from services.durable.client import DurableClient
from services.durable.instances import instance_status, is_unfinished
from services.inventory.stock import product_ids, read_stock, signal_stock

EXPIRE: Final = "expire"

_log = logging.getLogger(__name__)


async def release_expired(client: DurableClient, now: datetime) -> None:
    """Signal every product's entity that has reservations to release or answers to forget."""
    for product_id in await product_ids():
        stock = await read_stock(client, product_id)
        if stock is not None:
            await _release_expired_of(client, product_id, stock, now)


async def _release_expired_of(client: DurableClient, product_id: str, stock: Stock, now: datetime) -> None:
    expired = _expired(stock, now)
    live = [
        order_id for order_id in expired if is_unfinished(await instance_status(client, order_instance_id(order_id)))
    ]
    request = ExpireRequest(now=now, live=tuple(live))
    after, result = expire(stock, request)
    if after == stock:
        return
    _log.info("%s: releasing %s expired reservations", product_id, result.message)
    await signal_stock(client, product_id, EXPIRE, request)


def _expired(stock: Stock, now: datetime) -> list[str]:
    """Return the orders whose reservations have expired."""
    after, _ = expire(stock, ExpireRequest(now=now))
    kept = {} if after is None else after.reservations
    return [order_id for order_id in stock.reservations if order_id not in kept]
