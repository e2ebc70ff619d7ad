"""Start the orders that are in the book and have no instance, because a process died between entering and starting them.

And enter the ends that the book has not heard of, because it did not answer for as long as their orders tried to tell it.

Each order stands for itself: one that cannot be looked at is named in the log, and the others get their turn.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from adapters.compose import order_book
from adapters.order_start import PROCESS_ORDER, START_PATIENCE_S, start_order
from adapters.telemetry import emit_status
from domain.ids import order_instance_id
from domain.inventory import REMEMBER_SETTLED_FOR
from domain.order import ENDED, Order, OrderProgress, OrderStatus
from http_api.at_once import a_few_at_once
from http_api.instances import InstanceStatus, instance_status

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
    """Start what was placed more than LOST_AFTER ago and has no instance; enter the end of what has ended."""
    order_ids = await asyncio.to_thread(order_book().without_end, now - LOST_AFTER)
    await a_few_at_once(partial(_look_after, client, now), order_ids)


async def _look_after(client: df.DurableOrchestrationClient, now: datetime, order_id: str) -> None:
    try:
        await _start_or_end(client, now, order_id)
    except Exception:  # noqa: BLE001 - whatever it is, it concerns this one alone
        _log.exception("order %s could not be looked at; it will be again", order_id)


async def _start_or_end(client: df.DurableOrchestrationClient, now: datetime, order_id: str) -> None:
    # The instance first: had it told the book of its end, that is in the row which is read after it.
    instance = await instance_status(client, order_instance_id(order_id))
    row = await asyncio.to_thread(order_book().get, order_id)
    if row is None or row.status in ENDED:
        await asyncio.to_thread(order_book().forget_reminder, order_id)
    elif instance is not None:
        await _enter_end(instance)
    elif row.status is OrderStatus.ACCEPTED and row.order is not None:  # else it has been an instance before
        await _start(client, row.order, now)


async def _enter_end(instance: InstanceStatus) -> None:
    if instance.name != PROCESS_ORDER or instance.runtime_status is not df.OrchestrationRuntimeStatus.Completed:
        return
    end = OrderProgress.model_validate(instance.output)
    if not end.is_rerun:
        _log.warning("order %s has ended and the book had not heard: entering it", end.order_id)
        emit_status(await asyncio.to_thread(order_book().record, end))


async def _start(client: df.DurableOrchestrationClient, order: Order, now: datetime) -> None:
    if order.placed_at < now - TOO_OLD_AFTER:
        _log.error("order %s has no instance since %s: too old to be started unseen", order.order_id, order.placed_at)
        return
    _log.warning("order %s was accepted and never started: starting it", order.order_id)
    await start_order(client, order)
