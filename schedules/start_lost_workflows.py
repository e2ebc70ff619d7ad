"""Start the workflows that were accepted and have no instance, because a process died between entering and starting them."""

import asyncio
import logging
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from adapters.compose import intake_book
from adapters.intake_book import Run
from domain.workflow import workflow_instance_id
from http_api.instances import instance_status
from http_api.workflows import start_run
from schedules.start_lost_orders import LOST_AFTER

bp = df.Blueprint()

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="30 * * * * *")
@bp.durable_client_input(client_name="client")
async def start_lost_workflows(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Every minute."""
    await start_lost(client, datetime.now(UTC))


async def start_lost(client: df.DurableOrchestrationClient, now: datetime) -> None:
    """Start what was accepted more than LOST_AFTER ago and has no instance; note what has one."""
    for run in await asyncio.to_thread(_unstarted, now - LOST_AFTER):
        if await instance_status(client, workflow_instance_id(run.workflow, run.key)) is not None:
            await asyncio.to_thread(intake_book().mark_started, run.workflow, run.key)
        else:
            _log.warning("%s %s was accepted and never started: starting it", run.workflow, run.key)
            await start_run(client, run)


def _unstarted(before: datetime) -> list[Run]:
    return list(intake_book().unstarted(before))
