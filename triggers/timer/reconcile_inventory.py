"""Compare what has changed of the inventory with the orders regularly, and log the drift."""

import time
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from services.inventory.drift_log import log_drift
from services.inventory.reconciliation import reconcile_changed

bp = df.Blueprint()

_TIMEOUT_S: Final = 200
"""The host gives a function five minutes, and ends its whole worker after them. What is left is done in the next run."""


@bp.timer_trigger(arg_name="timer", schedule="0 17 * * * *")
@bp.durable_client_input(client_name="client")
async def reconcile_inventory(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Log one warning per drift, as JSON, for alerts to match. Runs every hour, away from the full hour."""
    end = time.monotonic() + _TIMEOUT_S
    log_drift(await reconcile_changed(client, datetime.now(UTC), lambda: time.monotonic() < end))
