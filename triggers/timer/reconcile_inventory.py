"""Compare what has changed of the inventory with the orders regularly, and log the drift."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.inventory.drift_log import log_drift
from services.inventory.reconciliation import reconcile_changed
from services.timer_runs import timer_run

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 17 * * * *")
@bp.durable_client_input(client_name="client")
async def reconcile_inventory(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Log one warning per drift, as JSON, for alerts to match. Runs every hour, away from the full hour."""
    async with timer_run() as has_time:
        log_drift(await reconcile_changed(client, datetime.now(UTC), has_time))
