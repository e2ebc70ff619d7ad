"""Measure how many messages wait in each queue.

Azure Storage has no metric of one queue: `QueueMessageCount` counts all queues of an account, once a day
(learn.microsoft.com/azure/storage/queues/queues-storage-monitoring-scenarios). So the app measures each queue, and alerts read
its lines.
"""

import azure.durable_functions as df
import azure.functions as func

from services.queue_depths import log_depths

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 4,19,34,49 * * * *")
async def measure_queues(timer: func.TimerRequest) -> None:
    """Log the depth of each queue that is not empty. Runs every quarter of an hour."""
    await log_depths()
