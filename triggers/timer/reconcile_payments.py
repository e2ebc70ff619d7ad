"""Compare the payments at the providers with the orders regularly."""

import time
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from services.payments.reconciliation import go_on_reconciling

bp = df.Blueprint()

_TIMEOUT_S: Final = 200
"""The host gives a function five minutes, and ends its whole worker after them. What is left is done in the next run."""


@bp.timer_trigger(arg_name="timer", schedule="0 2-59/5 * * * *")
@bp.durable_client_input(client_name="client")
async def reconcile_payments(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Read what has happened to payments, once an hour; the runs between go on with what that one had no time for."""
    end = time.monotonic() + _TIMEOUT_S
    await go_on_reconciling(client, datetime.now(UTC), lambda: time.monotonic() < end)
