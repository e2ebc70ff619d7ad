"""Archive and purge the runs of every workflow but the order that ended longer ago than HISTORY_RETENTION_DAYS.

A run's key may be used again afterwards: what must happen once, such as the payment of a claim or the insertion of a user, has rows
of its own. The row goes last, so a process that dies in between leaves a run that the next one begins anew.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from domain.archive import ArchivedLine, archived_run
from domain.workflows.run import RecordedRun
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import instance_status
from services.retention.archiving import lines_beside, purge_instance
from services.retention.settled import why_run_unsettled


async def purge_runs(client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> int:
    """Purge what is past its retention and settled. Return how many runs were."""
    before = now - services().settings.history_retention
    purged = 0
    for run in await asyncio.to_thread(services().run_repository.unchanged_since, before):
        if not has_time():
            break
        purged += await _purge(client, run, before)
    return purged


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
