"""Whether an order or a run may be purged or erased: nothing of it is under way, and no money, stock or dead letter is open."""

import asyncio
from enum import StrEnum
from typing import Any

from domain.ids import PROCESS_ORDER, instance_id_of, order_instance_id
from domain.orders.order import ENDED, ENDS
from domain.orders.row import OrderRow
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import instance_status, is_unfinished


class Unsettled(StrEnum):
    """Why it may not: what is still to be done."""

    UNDER_WAY = "under_way"
    NEEDS_ATTENTION = "needs_attention"
    DEAD_LETTER_OPEN = "dead_letter_open"
    PAYMENT_OPEN = "payment_open"  # it is held, or differs from its order


async def why_order_unsettled(client: DurableClient, row: OrderRow) -> Unsettled | None:
    """Return what is open of an order; None when it is settled."""
    instance = await instance_status(client, order_instance_id(row.order_id))
    if row.status not in ENDED or is_unfinished(instance):
        return Unsettled.UNDER_WAY
    return await asyncio.to_thread(_why_unsettled, row)


def _why_unsettled(row: OrderRow) -> Unsettled | None:
    if row.status not in ENDS:
        return Unsettled.NEEDS_ATTENTION
    if services().order_repository.intake.reminder(order_instance_id(row.order_id)) is not None:
        return Unsettled.UNDER_WAY
    if services().dead_letters.open_of(PROCESS_ORDER, row.order_id):
        return Unsettled.DEAD_LETTER_OPEN
    is_watched = services().payment_reconciliation.is_order_watched(row.order_id)
    return Unsettled.PAYMENT_OPEN if is_watched else None


async def why_run_unsettled(client: DurableClient, workflow: str, key: str) -> Unsettled | None:
    """Return what is open of the run of another workflow; None when it is settled."""
    instance_id = instance_id_of(workflow, key)
    instance: Any = await instance_status(client, instance_id)
    runs = services().run_repository
    if is_unfinished(instance) or await asyncio.to_thread(runs.intake.reminder, instance_id) is not None:
        return Unsettled.UNDER_WAY
    if await asyncio.to_thread(services().dead_letters.open_of, workflow, key):
        return Unsettled.DEAD_LETTER_OPEN
    return None
