"""Archive and purge the orders that ended longer ago than ORDER_RETENTION_DAYS.

Of a purged order its id, fingerprint and status stay for good: it is never accepted and processed a second time. The archive is
written first and the row is purged last, so a process that dies in between leaves an order that the next run begins anew.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.archive import ArchivedLine, archived_order
from domain.errors import StorageUnavailable
from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.listing import EndedOrder
from domain.orders.row import OrderRow
from domain.orders.steps import BUY_LABEL
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.retention.archiving import lines_beside, purge_instance
from services.retention.settled import why_order_unsettled

_BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)
_PAGE_SIZE: Final = 200
_MAX_NAMED: Final = 20

_log = logging.getLogger(__name__)


async def purge_orders(client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> int:
    """Purge what is past its retention and settled, the oldest first. Return how many orders were."""
    completed = await asyncio.to_thread(services().order_repair.complete_ends, now, has_time)
    if completed:
        _log.info("%d orders that ended under an earlier release are found by the time of their end now", completed)
    before = now - services().settings.order_retention
    since, purged = _BEGINNING, 0

    async def purge_in_time(ended: EndedOrder) -> bool:
        return has_time() and await _purged(client, ended, now)

    while has_time():
        page = await asyncio.to_thread(services().order_repository.ended, since, before, _PAGE_SIZE)
        purged += sum(await gather_bounded(purge_in_time, page))
        if len(page) < _PAGE_SIZE:
            return purged
        since = page[-1].ended_at + timedelta(microseconds=1)
    return purged


async def mend_index(now: datetime, has_time: Callable[[], bool]) -> None:
    """Go on comparing the index of orders with the orders, and mend what a person or a restore has left."""
    mended, unreadable = await asyncio.to_thread(services().order_index_check.mend, now, has_time)
    if unreadable:
        named = ", ".join(unreadable[:_MAX_NAMED])
        _log.error("the rows of %d orders cannot be read, nor their index compared: %s", len(unreadable), named)
    if mended:
        named = ", ".join(mended[:_MAX_NAMED])
        _log.warning("the index of %d orders had rows too few or too many, and is mended: %s", len(mended), named)


async def _purged(client: DurableClient, ended: EndedOrder, now: datetime) -> bool:
    try:
        return await _purge(client, ended, now)
    except StorageUnavailable:
        raise
    except Exception:  # noqa: BLE001 - it concerns this one alone, and each run begins at the oldest
        _log.exception("the order %s could not be purged; it will be tried again", ended.order_id)
        return False


async def _purge(client: DurableClient, ended: EndedOrder, now: datetime) -> bool:
    order_id = ended.order_id
    # The archive is written whole: of an order that is purged it would lose what it has.
    if await asyncio.to_thread(services().order_index_check.drop_left_over_end, ended):
        return False
    row = await asyncio.to_thread(services().order_repository.get, order_id)
    if row is None or await why_order_unsettled(client, row) is not None:
        return False
    lines, dead_letters = await lines_beside(client, PROCESS_ORDER, order_id)
    lines.insert(0, ArchivedLine(kind="order", id=order_id, record=row.to_wire()))
    await asyncio.to_thread(services().archive.write, archived_order(order_id), lines)
    await purge_instance(client, order_instance_id(order_id))
    for dead_letter in dead_letters:
        await asyncio.to_thread(services().dead_letters.delete_closed, dead_letter)
    await asyncio.to_thread(forget_beside, row)
    await asyncio.to_thread(services().order_repository.purge, order_id, now)
    return True


def forget_beside(row: OrderRow) -> None:
    """Delete the decisions and the parcels of an order, and follow its parcels no longer."""
    services().approvals.delete_all(row.order_id)
    ledger = () if row.result is None else row.result.steps
    codes = [entry.reference for entry in ledger if entry.step == BUY_LABEL and entry.reference is not None]
    if codes:
        # First: what a poll of this moment has found is then not added behind the deletion.
        services().open_parcels.forget(row.order_id)
    for code in codes:
        services().parcels.remove(code, row.order_id)
