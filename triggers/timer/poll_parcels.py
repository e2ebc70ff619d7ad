"""Poll the parcels that have gone silent. All others are known by the carrier's webhooks."""

import logging
import time
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from services.shipping.silence import poll_silent

bp = df.Blueprint()

_TIMEOUT_S: Final = 200
"""The host gives a function five minutes, and ends its whole worker after them. What is left is done in the next run."""

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 9,24,39,54 * * * *")
async def poll_parcels(timer: func.TimerRequest) -> None:
    """Poll a bounded number of silent parcels. Runs every quarter of an hour, away from the full hour."""
    end = time.monotonic() + _TIMEOUT_S
    polled = await poll_silent(datetime.now(UTC), lambda: time.monotonic() < end)
    if polled:
        _log.info("%d silent parcels polled", polled)
