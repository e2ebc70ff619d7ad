"""Create the queues and the container that other programs write into, so that their first message or file is accepted.

The Functions host creates neither: its listeners poll a queue or container that does not exist, later and later, and a program that
writes into it is refused with 404. The app creates what it writes into itself on first use; other programs cannot be asked to.

It runs at every start of a host, whatever started that, and apart from the import of the app, so that no cold start waits for it.
On further instances, and every hour, it finds everything in place.
"""

import asyncio

import azure.durable_functions as df
import azure.functions as func

from services.container import services

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 41 * * * *", run_on_startup=True)
async def prepare_storage(timer: func.TimerRequest) -> None:
    """Create what is missing, at every start and every hour. Raises StorageUnavailable."""
    await asyncio.to_thread(services().storage_setup.create_missing)
