"""Look after every accepted run, of orders and of every other workflow, once a minute."""

import asyncio
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.recovery.orders import OrderRecovery
from services.recovery.workflows import WorkflowRecovery
from services.timer_runs import timer_run

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 * * * * *")
@bp.durable_client_input(client_name="client")
async def recover_runs(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Start orphaned runs and those that the platform has failed, and leave to an operator what cannot be started again."""
    now = datetime.now(UTC)
    async with timer_run() as has_time:
        looking = (recovery.recover(client, now, has_time) for recovery in (OrderRecovery(), WorkflowRecovery()))
        results = await asyncio.gather(*looking, return_exceptions=True)
    for failure in filter(None, results):  # each kind has had its turn, whatever became of the other
        raise failure
