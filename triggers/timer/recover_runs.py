"""Look after every accepted run, of orders and of every other workflow, once a minute."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from services.recovery.orders import OrderRecovery
from services.recovery.workflows import WorkflowRecovery

bp = df.Blueprint()

_TIMEOUT_S: Final = 200
"""The host gives a function five minutes, and ends its whole worker after them. What is left is done in the next run."""


@bp.timer_trigger(arg_name="timer", schedule="0 * * * * *")
@bp.durable_client_input(client_name="client")
async def recover_runs(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Start orphaned runs and those that the platform has failed, and leave to an operator what cannot be started again."""
    now, end = datetime.now(UTC), time.monotonic() + _TIMEOUT_S

    def has_time() -> bool:
        return time.monotonic() < end

    looking = (recovery.recover(client, now, has_time) for recovery in (OrderRecovery(), WorkflowRecovery()))
    results = await asyncio.gather(*looking, return_exceptions=True)
    for failure in filter(None, results):  # each kind has had its turn, whatever became of the other
        raise failure
