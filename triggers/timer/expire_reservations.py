"""Release the goods of orders that will never end by themselves."""

import time
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from services.inventory.reservations import release_expired

bp = df.Blueprint()

_TIMEOUT_S: Final = 200
"""The host gives a function five minutes, and ends its whole worker after them. What is left is done in the next run."""


@bp.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
@bp.durable_client_input(client_name="client")
async def expire_reservations(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Release what has expired. Runs every five minutes."""
    end = time.monotonic() + _TIMEOUT_S
    await release_expired(client, datetime.now(UTC), lambda: time.monotonic() < end)
