"""Release the goods of orders that will never end by themselves."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.inventory.reservations import release_expired
from services.timer_runs import timer_run

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
@bp.durable_client_input(client_name="client")
async def expire_reservations(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Release what has expired. Runs every five minutes."""
    async with timer_run() as has_time:
        await release_expired(client, datetime.now(UTC), has_time)
