"""Give back goods that are reserved for orders which are no more: their instance failed for good or was terminated.

An order that runs keeps its goods, however long it takes.
"""

import logging
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.ids import order_instance_id
from domain.inventory.stock import ExpireRequest, Stock, sweep
from services.instances import instance_status, is_unfinished
from services.stock import read_stock, signal_stock
from triggers.http.reconciliation import catalogue_ids

bp = df.Blueprint()

SWEEP: Final = "sweep"

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
@bp.durable_client_input(client_name="client")
async def expire_reservations(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Every five minutes."""
    await sweep_all(client, datetime.now(UTC))


async def sweep_all(client: df.DurableOrchestrationClient, now: datetime) -> None:
    """Signal every product's entity that has something to let go of or to forget."""
    for product_id in await catalogue_ids():
        stock = await read_stock(client, product_id)
        if stock is not None:
            await _sweep_product(client, product_id, stock, now)


async def _sweep_product(client: df.DurableOrchestrationClient, product_id: str, stock: Stock, now: datetime) -> None:
    lapsed = _lapsed(stock, now)
    live = [
        order_id for order_id in lapsed if is_unfinished(await instance_status(client, order_instance_id(order_id)))
    ]
    request = ExpireRequest(now=now, live=tuple(live))
    expired, result = sweep(stock, request)
    if expired == stock:
        return
    _log.info("%s: letting go of %s reservations", product_id, result.message)
    await signal_stock(client, product_id, SWEEP, request)


def _lapsed(stock: Stock, now: datetime) -> list[str]:
    """The orders whose reservations have run out."""
    expired, _ = sweep(stock, ExpireRequest(now=now))
    kept = {} if expired is None else expired.reservations
    return [order_id for order_id in stock.reservations if order_id not in kept]
