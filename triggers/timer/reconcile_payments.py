"""Compare regularly what providers and the carrier have with the orders: payments, and the labels that the shop pays for."""

import asyncio
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.payments.reconciliation import go_on_reconciling
from services.shipping.labels import compare_labels
from services.timer_runs import timer_run

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 2-59/5 * * * *")
@bp.durable_client_input(client_name="client")
async def reconcile_payments(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Read what has happened to payments and labels, once an hour; the runs between go on with what that one had no time for."""
    now = datetime.now(UTC)
    async with timer_run() as has_time:
        # At once, and each to its end: one that fails keeps the other from nothing.
        compared = await asyncio.gather(
            go_on_reconciling(client, now, has_time), compare_labels(now, has_time), return_exceptions=True
        )
    for failure in compared:
        if failure is not None:
            raise failure
