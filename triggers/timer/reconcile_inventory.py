"""Compare the inventory with the orders regularly, and log the drift."""

import logging
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.inventory.reconciliation import reconcile

bp = df.Blueprint()

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 17 * * * *")
@bp.durable_client_input(client_name="client")
async def reconcile_inventory(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Log one warning per drift, as JSON, for alerts to match. Runs every hour, away from the full hour."""
    report = await reconcile(client, datetime.now(UTC))
    for drift in report.drift:
        _log.warning("inventory drift %s", drift.model_dump_json())
