"""Look regularly whether the inventory and the orders agree, and say so in the log when they do not."""

import logging
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from triggers.http.reconciliation import reconcile

bp = df.Blueprint()

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 17 * * * *")
@bp.durable_client_input(client_name="client")
async def reconcile_inventory(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Every hour, away from the full hour. One warning per disagreement, as JSON, for alerts to match."""
    report = await reconcile(client, datetime.now(UTC))
    for drift in report.drift:
        _log.warning("inventory drift %s", drift.model_dump_json())
