"""Copy the shop's tables and blobs into another region."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.backup import back_up as go_on_with_backup
from services.timer_runs import timer_run

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 13,33,53 * * * *")
@bp.durable_client_input(client_name="client")
async def back_up(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Go on with today's copy until it is whole. Runs three times an hour; most runs find nothing left to do."""
    async with timer_run() as has_time:
        await go_on_with_backup(client, datetime.now(UTC), has_time)
