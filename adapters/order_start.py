"""Start the saga of an order that is in the order book."""

import asyncio
import logging
from typing import Final

import azure.durable_functions as df

from domain.ids import order_instance_id
from domain.order import Order

PROCESS_ORDER: Final = "process_order"

START_PATIENCE_S: Final = 20
"""How long a start may take before it is left to the sweeper (`schedules.start_lost_orders`)."""

_log = logging.getLogger(__name__)


async def start_order(client: df.DurableOrchestrationClient, order: Order) -> bool:
    """Start the order's saga; False when that failed, and the sweeper has to.

    Only for the caller whose entry in the order book was the first, or for an order that has no instance at all.
    """
    start = client.start_new(PROCESS_ORDER, order_instance_id(order.order_id), order.to_wire())
    try:
        await asyncio.wait_for(start, START_PATIENCE_S)
    except Exception as error:  # noqa: BLE001 - whatever it was, the order is in the book and will be found there
        _log.warning("order %s was not started (%s); the sweeper will", order.order_id, type(error).__qualname__)
        return False
    return True
