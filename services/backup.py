"""Copy the shop's storage into the account for backups, once a day, and say how old the newest copy is."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from services.container import services
from services.durable.client import DurableClient
from services.inventory.stock import product_ids, read_stocks
from services.telemetry import emit

_log = logging.getLogger(__name__)


async def back_up(client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> None:
    """Go on with today's copy, delete those past their retention, and log how old the newest one is.

    Without an account for backups nothing is done.

    Args:
        client: The durable client.
        now: The present time.
        has_time: Whether more may be begun; what is left is done by the next call.

    Raises:
        StorageUnavailable: The next call goes on where this one has stopped.
    """
    backup = services().backup
    if backup is None:
        return
    day = f"{now:%Y%m%d}"
    if await asyncio.to_thread(backup.copy, day, has_time) and not await asyncio.to_thread(backup.is_whole, day):
        counts = await asyncio.to_thread(backup.finish, day, await _unsold(client), now)
        _log.info("the copy of %s is whole: %d rows and blobs", day, sum(counts.values()))
    await asyncio.to_thread(backup.drop_before, f"{now - services().settings.backup_retention:%Y%m%d}")
    newest = await asyncio.to_thread(backup.newest)
    if newest is None:
        emit("backup.state")
    else:
        emit("backup.state", day=newest[0], hours=int((now - newest[1]).total_seconds() // 3_600))


async def _unsold(client: DurableClient) -> dict[str, int]:
    """Return the units of each product that no order was sold. One whose stock cannot be read is left out."""
    stocks, _ = await read_stocks(client, await product_ids())
    return {product_id: stock.available + stock.reserved for product_id, stock in stocks.items()}
