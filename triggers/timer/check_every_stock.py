"""Look after every product once a day, so that nothing depends on what was noted."""

import time
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from services.inventory.drift_log import log_drift
from services.inventory.reconciliation import check_all

bp = df.Blueprint()

_TIMEOUT_S: Final = 200
"""The host gives a function five minutes, and ends its whole worker after them. What is left is done in the next run."""


@bp.timer_trigger(arg_name="timer", schedule="0 11,41 2-5 * * *")
@bp.durable_client_input(client_name="client")
async def check_every_stock(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Release what has expired of any product, and compare all with the orders. Eight runs a night go on until it is done."""
    end = time.monotonic() + _TIMEOUT_S
    report = await check_all(client, datetime.now(UTC), lambda: time.monotonic() < end)
    if report is not None:
        log_drift(report)
