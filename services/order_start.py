"""Start the saga of an order that is in the order repository."""

import asyncio
import logging
from typing import Final

import azure.durable_functions as df

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.order import Order
from domain.workflows.run import RESTART, Restart

START_TIMEOUT_S: Final = 20
"""How long a start may take before it is left to the recovery timer (`triggers.timer.start_orphaned_orders`)."""

_log = logging.getLogger(__name__)


async def start_order(client: df.DurableOrchestrationClient, order: Order, attempt: int = 1) -> bool:
    """Start the order's saga; False when that failed, and the recovery timer has to.

    Only for the caller whose row was the first, and, with an attempt above 1, for the recovery timer: that run looks up what
    earlier ones have recorded.
    """
    given = order.to_wire()
    if attempt > 1:
        given[RESTART] = Restart(attempt=attempt, started_at=order.placed_at).to_wire()
    start = client.start_new(PROCESS_ORDER, order_instance_id(order.order_id), given)
    try:
        await asyncio.wait_for(start, START_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001 - whatever it was, the order is in the repository and will be found there
        _log.warning("order %s was not started (%s); the recovery timer will", order.order_id, type(error).__qualname__)
        return False
    return True
