"""Compare the payments at the providers with the orders regularly."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.payments.reconciliation import go_on_reconciling
from services.timer_runs import timer_run

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 2-59/5 * * * *")
@bp.durable_client_input(client_name="client")
async def reconcile_payments(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Read what has happened to payments, once an hour; the runs between go on with what that one had no time for."""
    async with timer_run() as has_time:
        await go_on_reconciling(client, datetime.now(UTC), has_time)
