"""Poll the parcels that have gone silent. All others are known by the carrier's webhooks."""

import logging
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.shipping.silence import poll_silent
from services.timer_runs import timer_run

bp = df.Blueprint()

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 9,24,39,54 * * * *")
async def poll_parcels(timer: func.TimerRequest) -> None:
    """Poll a bounded number of silent parcels. Runs every quarter of an hour, away from the full hour."""
    async with timer_run() as has_time:
        polled = await poll_silent(datetime.now(UTC), has_time)
    if polled:
        _log.info("%d silent parcels polled", polled)
