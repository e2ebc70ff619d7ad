"""Archive and purge the histories of instances that ended longer ago than HISTORY_RETENTION_DAYS: by their end, not their creation.

Failed and terminated ones too, once they are settled. The host lists instances by their creation, 100 at a time, and the SDK reads
no further: so the same list is read until nothing of it is left to purge, and in halves where a whole page stays.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import azure.durable_functions as df

from domain.archive import archived_history
from domain.errors import StorageUnavailable
from domain.ids import is_order_id
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.retention.archiving import history_line, purge_instance
from services.retention.settled import why_order_unsettled

_BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)
_ENDED: Final = [
    df.OrchestrationRuntimeStatus.Completed,
    df.OrchestrationRuntimeStatus.Failed,
    df.OrchestrationRuntimeStatus.Terminated,
    df.OrchestrationRuntimeStatus.Canceled,
]
_PAGE_SIZE: Final = 100
_MIN_SPAN: Final = timedelta(seconds=1)

_log = logging.getLogger(__name__)


class Histories:
    """One run over the task hub. has_time: whether the run may go on."""

    def __init__(self, client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> None:
        self._client = client
        self._before = now - services().settings.history_retention
        self._has_time = has_time

    async def purge(self) -> int:
        """Purge what is past its retention and settled. Return how many instances were."""
        return await self._purge_created(_BEGINNING, self._before)

    async def _purge_created(self, since: datetime, until: datetime) -> int:
        total = 0
        while self._has_time():
            page = await self._client.get_status_by(since, until, _ENDED)
            purged = sum(await gather_bounded(self._purged_in_time, page))
            total += purged
            if len(page) < _PAGE_SIZE:
                return total
            if not purged:
                return total + await self._purge_halves(since, until)
        return total

    async def _purge_halves(self, since: datetime, until: datetime) -> int:
        if until - since < _MIN_SPAN:
            return 0
        middle = since + (until - since) / 2
        return await self._purge_created(since, middle) + await self._purge_created(middle, until)

    async def _purged_in_time(self, instance: InstanceStatus) -> int:
        return await self._purged(instance) if self._has_time() else 0

    async def _purged(self, instance: InstanceStatus) -> int:
        try:
            return await self._purge(instance)
        except StorageUnavailable:
            raise
        except Exception:  # noqa: BLE001 - it concerns this one alone
            _log.exception("the history of %s could not be purged; it will be tried again", instance.instance_id)
            return 0

    async def _purge(self, instance: InstanceStatus) -> int:
        instance_id = instance.instance_id
        if instance.last_updated_time >= self._before or not await self._is_settled(instance_id):
            return 0
        line = await history_line(self._client, instance_id)
        if line is not None:
            await asyncio.to_thread(services().archive.write, archived_history(instance_id), [line])
        return int(await purge_instance(self._client, instance_id))

    async def _is_settled(self, instance_id: str) -> bool:
        """Return whether an instance is no run's, or that of a settled order: runs are purged with their rows."""
        if instance_id.startswith("@"):
            return False
        if is_order_id(instance_id):
            row = await asyncio.to_thread(services().order_repository.get, instance_id)
            return row is None or await why_order_unsettled(self._client, row) is None
        return not await asyncio.to_thread(services().run_repository.is_known, instance_id)
