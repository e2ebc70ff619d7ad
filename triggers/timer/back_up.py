"""Copy the shop's tables and blobs into another region."""

import time
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from services.backup import back_up as go_on_with_backup

bp = df.Blueprint()

_TIMEOUT_S: Final = 200
"""The host gives a function five minutes. What is left is done in the next run."""


@bp.timer_trigger(arg_name="timer", schedule="0 13,33,53 * * * *")
@bp.durable_client_input(client_name="client")
async def back_up(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Go on with today's copy until it is whole. Runs three times an hour; most runs find nothing left to do."""
    end = time.monotonic() + _TIMEOUT_S
    await go_on_with_backup(client, datetime.now(UTC), lambda: time.monotonic() < end)
