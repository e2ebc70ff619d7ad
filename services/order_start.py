"""Place an order and start its saga, once however often it is sent."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Final

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.order import Order, OrderRequest
from domain.workflows.run import RESTART, Restart
from services.container import services
from services.durable_client import DurableClient
from services.telemetry import emit_accepted

START_TIMEOUT_S: Final = 20
"""How long a start may take before it is left to the recovery timer (`triggers.timer.start_orphaned_orders`)."""

_log = logging.getLogger(__name__)


async def take_in_order(client: DurableClient, request: OrderRequest, chosen_id: str | None) -> str:
    """Take an order in and start its saga; a repeat starts nothing. A start that fails is left to the recovery timer.

    Args:
        client: The durable client.
        request: What the caller asks for.
        chosen_id: The caller's id; None to have one made.

    Returns:
        The order's id.

    Raises:
        OrderNotAcceptable: The catalogue does not allow the order.
        OrderIdTaken: The id belongs to another order.
        StorageUnavailable: The same request may be sent again.
    """
    taken = await asyncio.to_thread(services().order_intake.take_in, request, chosen_id, datetime.now(UTC))
    if taken.to_start is not None:
        emit_accepted(taken.order_id)
        await start_order(client, taken.to_start)
    return taken.order_id


async def start_order(client: DurableClient, order: Order, attempt: int = 1) -> bool:
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
