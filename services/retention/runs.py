"""Archive and purge the runs of every workflow but the order that ended longer ago than HISTORY_RETENTION_DAYS.

A run's key may be used again afterwards: what must happen once, such as the payment of a claim or the insertion of a user, has rows
of its own. The row goes last, so a process that dies in between leaves a run that the next one begins anew.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from domain.archive import ArchivedLine, archived_run
from domain.errors import StorageUnavailable
from domain.workflows.run import RecordedRun
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import instance_status
from services.retention.archiving import lines_beside, purge_instance
from services.retention.settled import why_run_unsettled

PAGE_ROWS: Final = 1_000
"""The most that the service gives at once."""

_PART_RUNS: Final = 16
"""As many are purged before the position moves."""

_log = logging.getLogger(__name__)


async def purge_runs(client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> int:
    """Purge what is past its retention and settled, in the order of ids. Return how many runs were.

    One that runs out of time remembers how far it is: the next goes on there, so that what stays holds up nothing behind it.
    """
    repository = services().run_repository
    before = now - services().settings.history_retention
    position: str | None = await asyncio.to_thread(repository.retention_position)
    began_at, purged = position, 0

    async def purge_one(run: RecordedRun) -> bool:
        return await _purged(client, run, before)

    try:
        while position is not None and has_time():
            page = await asyncio.to_thread(repository.unchanged_since, before, after=position, limit=PAGE_ROWS)
            for some in _parts(page.items):
                if not has_time():
                    break
                position = some[-1].instance_id
                purged += sum(await gather_bounded(purge_one, some))
            else:
                position = page.cursor
    finally:
        if (position or "") != began_at:
            await asyncio.to_thread(repository.move_retention, position or "")
    return purged


def _parts(runs: Sequence[RecordedRun]) -> Iterator[Sequence[RecordedRun]]:
    for first in range(0, len(runs), _PART_RUNS):
        yield runs[first : first + _PART_RUNS]


async def _purged(client: DurableClient, run: RecordedRun, before: datetime) -> bool:
    try:
        return await _purge(client, run, before)
    except StorageUnavailable:
        raise
    except Exception:  # noqa: BLE001 - it concerns this one alone
        _log.exception("the run %s could not be purged; it will be tried again", run.instance_id)
        return False


async def _purge(client: DurableClient, run: RecordedRun, before: datetime) -> bool:
    instance = await instance_status(client, run.instance_id)
    if instance is not None and instance.last_updated_time >= before:
        return False
    if await why_run_unsettled(client, run.workflow, run.key) is not None:
        return False
    lines, dead_letters = await lines_beside(client, run.workflow, run.key)
    lines.insert(0, ArchivedLine(kind="run", id=run.instance_id, record=run.to_wire()))
    await asyncio.to_thread(services().archive.write, archived_run(run.instance_id), lines)
    await purge_instance(client, run.instance_id)
    for dead_letter in dead_letters:
        await asyncio.to_thread(services().dead_letters.delete_closed, dead_letter)
    await asyncio.to_thread(services().approvals.delete_all, run.key)
    await asyncio.to_thread(services().run_files.delete, run.workflow, run.key)
    await asyncio.to_thread(services().run_repository.delete, run.instance_id)
    return True
