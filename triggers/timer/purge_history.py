"""Forget the histories of workflows that were completed long ago; the platform itself never does.

What failed or was terminated stays: an operator may need it. The order repository keeps every order's row and ledger.
"""

import logging
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from services.container import services

bp = df.Blueprint()

_BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 15 3 * * *")
@bp.durable_client_input(client_name="client")
async def purge_history(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Purge what is past its retention. Runs every night."""
    await purge_completed(client, datetime.now(UTC))


async def purge_completed(client: df.DurableOrchestrationClient, now: datetime) -> None:
    """Purge what was completed and is older than HISTORY_RETENTION_DAYS."""
    before = now - services().settings.history_retention
    purged = await client.purge_instance_history_by(_BEGINNING, before, [df.OrchestrationRuntimeStatus.Completed])
    _log.info("purged the history of %d completed instances created before %s", purged.instances_deleted, before)
