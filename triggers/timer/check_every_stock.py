"""Look after every product once a day, so that nothing depends on what was noted."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.inventory.drift_log import log_drift
from services.inventory.reconciliation import check_all
from services.timer_runs import timer_run

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 11,41 2-5 * * *")
@bp.durable_client_input(client_name="client")
async def check_every_stock(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Release what has expired of any product, and compare all with the orders. Eight runs a night go on until it is done."""
    async with timer_run() as has_time:
        report = await check_all(client, datetime.now(UTC), has_time)
    if report is not None:
        log_drift(report)
