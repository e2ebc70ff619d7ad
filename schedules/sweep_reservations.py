"""Give back goods that are reserved for orders which are no more: their instance failed for good or was terminated.

An order that runs keeps its goods, however long it takes.
"""

import logging
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.ids import order_instance_id
from domain.inventory import Stock, SweepRequest, sweep
from http_api.instances import instance_status, is_unfinished
from http_api.reconciliation import catalogue_ids
from http_api.stock import read_stock, signal_stock

bp = df.Blueprint()

SWEEP: Final = "sweep"

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
@bp.durable_client_input(client_name="client")
async def sweep_reservations(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
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
    request = SweepRequest(now=now, live=tuple(live))
    swept, result = sweep(stock, request)
    if swept == stock:
        return
    _log.info("%s: letting go of %s reservations", product_id, result.message)
    await signal_stock(client, product_id, SWEEP, request)


def _lapsed(stock: Stock, now: datetime) -> list[str]:
    """The orders whose reservations have run out."""
    swept, _ = sweep(stock, SweepRequest(now=now))
    kept = {} if swept is None else swept.reservations
    return [order_id for order_id in stock.reservations if order_id not in kept]
