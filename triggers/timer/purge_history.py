"""Archive and purge what ended longer ago than its retention; the platform itself keeps every history for ever.

What is not settled stays: an order that needs attention, an open dead letter, a payment that is open.
"""

import logging
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from services.durable.client import DurableClient
from services.personal.requests import go_on_with_all
from services.retention.histories import Histories
from services.retention.logs import purge_logs
from services.retention.orders import mend_index, purge_orders
from services.retention.runs import purge_runs

bp = df.Blueprint()

_TIMEOUT_S: Final = 240
"""The host gives a function five minutes. What is left is done in the next run."""

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 15 1-4 * * *")
@bp.durable_client_input(client_name="client")
async def purge_history(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Purge what is past its retention. Runs four times a night: what one run leaves the next one does."""
    await purge(client, datetime.now(UTC))


async def purge(client: DurableClient, now: datetime) -> None:
    """Purge what is past its retention as of a time. Each kind has its turn, whatever became of the others."""
    end = time.monotonic() + _TIMEOUT_S
    failures: list[Exception] = []

    def has_time() -> bool:
        return time.monotonic() < end

    async def count_of(stage: Awaitable[int | None]) -> int:
        try:
            return await stage or 0
        except Exception as error:  # noqa: BLE001 - raised at the end
            failures.append(error)
            return 0

    orders = await count_of(purge_orders(client, now, has_time))
    runs = await count_of(purge_runs(client, now, has_time))
    histories = await count_of(Histories(client, now, has_time).purge())
    records = await count_of(purge_logs(now, has_time))
    await count_of(mend_index(now, has_time))
    await count_of(go_on_with_all(client, now))
    _log.info("archived and purged %d orders, %d runs and %d further histories", orders, runs, histories)
    if records:
        _log.info("purged %d records of the audit log", records)
    for failure in failures:
        raise failure  # of others this run shows the first
