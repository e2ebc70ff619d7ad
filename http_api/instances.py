"""What is asked of the durable client, in our words.

The client raises bare `Exception`s and knows no time-out shorter than minutes; both end here.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

import azure.durable_functions as df
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus

from domain.ids import order_instance_id
from domain.order import Order

PROCESS_ORDER: Final = "process_order"
REPLAY_DEAD_LETTER: Final = "replay_dead_letter"

START_PATIENCE_S: Final = 20
"""How long a start may take before it is left to the sweeper (`schedules.start_lost_orders`)."""

_RAISE_ATTEMPTS: Final = 3

UNFINISHED: Final = frozenset(
    {
        df.OrchestrationRuntimeStatus.Pending,
        df.OrchestrationRuntimeStatus.Running,
        df.OrchestrationRuntimeStatus.Suspended,
        df.OrchestrationRuntimeStatus.ContinuedAsNew,
    }
)

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


async def instance_status(client: df.DurableOrchestrationClient, instance_id: str) -> DurableOrchestrationStatus | None:
    """The instance's status without its input and history; None when there is no such instance."""
    status = await client.get_status(instance_id)
    return status or None


def is_unfinished(status: DurableOrchestrationStatus | None) -> bool:
    """Whether the instance exists and has not ended."""
    return status is not None and status.runtime_status in UNFINISHED


async def raise_event(
    client: df.DurableOrchestrationClient, instance_id: str, name: str, payload: Mapping[str, Any]
) -> bool:
    """Raise an event, again if need be; False when the instance could not be told."""
    for attempt in range(1, _RAISE_ATTEMPTS + 1):
        try:
            await client.raise_event(instance_id, name, payload)
        except Exception as error:  # noqa: BLE001 - the client has one type for everything
            _log.warning("%s: event %s, attempt %d: %s", instance_id, name, attempt, type(error).__qualname__)
        else:
            return True
    return False
