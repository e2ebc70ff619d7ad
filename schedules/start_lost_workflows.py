"""Start the workflows that were accepted and have no instance, because a process died between entering and starting them.

Each run stands for itself: one that cannot be looked at is named in the log, and the others get their turn.
"""

import asyncio
import logging
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df
import azure.functions as func

from adapters.compose import intake_book
from http_api.at_once import a_few_at_once
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
    instance_ids = await asyncio.to_thread(intake_book().unstarted, now - LOST_AFTER)
    await a_few_at_once(partial(_look_after, client), instance_ids)


async def _look_after(client: df.DurableOrchestrationClient, instance_id: str) -> None:
    try:
        await _start_or_note(client, instance_id)
    except Exception:  # noqa: BLE001 - whatever it is, it concerns this one alone
        _log.exception("%s could not be looked at; it will be again", instance_id)


async def _start_or_note(client: df.DurableOrchestrationClient, instance_id: str) -> None:
    run = await asyncio.to_thread(intake_book().unstarted_run, instance_id)
    if run is None:
        return
    if await instance_status(client, instance_id) is not None:
        await asyncio.to_thread(intake_book().mark_started, run.workflow, run.key)
    else:
        _log.warning("%s %s was accepted and never started: starting it", run.workflow, run.key)
        await start_run(client, run)
