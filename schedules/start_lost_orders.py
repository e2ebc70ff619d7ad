"""Start the orders that are in the book and have no instance, because a process died between entering and starting them."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from adapters.compose import order_book
from adapters.order_rows import OrderRow
from adapters.order_start import START_PATIENCE_S, start_order
from domain.ids import order_instance_id
from domain.inventory import REMEMBER_SETTLED_FOR
from domain.order import Order
from http_api.instances import instance_status

bp = df.Blueprint()

LOST_AFTER: Final = 3 * timedelta(seconds=START_PATIENCE_S)
"""Well beyond the time in which whoever entered the order tries to start it: two starts could run a finished order again."""

TOO_OLD_AFTER: Final = REMEMBER_SETTLED_FOR
"""Beyond this an order may have been processed and its instance purged, and nothing would remember that: a human decides."""

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 * * * * *")
@bp.durable_client_input(client_name="client")
async def start_lost_orders(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Every minute."""
    await start_lost(client, datetime.now(UTC))


async def start_lost(client: df.DurableOrchestrationClient, now: datetime) -> None:
    """Start what was placed more than LOST_AFTER ago and has no instance."""
    for row in await asyncio.to_thread(_unstarted, now - LOST_AFTER):
        # No order in it: it came in past the book, as a running instance.
        if row.order is not None and await instance_status(client, order_instance_id(row.order_id)) is None:
            await _start(client, row.order, now)


async def _start(client: df.DurableOrchestrationClient, order: Order, now: datetime) -> None:
    if order.placed_at < now - TOO_OLD_AFTER:
        _log.error("order %s has no instance since %s: too old to be started unseen", order.order_id, order.placed_at)
        return
    _log.warning("order %s was accepted and never started: starting it", order.order_id)
    await start_order(client, order)


def _unstarted(before: datetime) -> list[OrderRow]:
    return list(order_book().unstarted(before))
