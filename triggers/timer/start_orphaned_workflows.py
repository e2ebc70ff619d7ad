"""Bring every accepted run to its end: start the one that was never started, start again the one that the platform has failed.

As `start_orphaned_orders` does for orders. A run that fails again and again, was terminated or deleted ends as failed, with a dead
letter whose replay starts it once more. Each run stands for itself: one that cannot be looked at is named in the log, and the
others get their turn.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from activities.run import restart_run
from domain.expenses.claim import EXPENSE_APPROVAL, TURNS, expense_decided, expense_wait_id
from domain.orders.approval import CANCELLATION_REQUESTED, settling_from_event
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.intake import Reminder
from domain.workflows.run import RESTART, Restart, RestartRun, Run, WorkflowProgress
from orchestrators.kernel.commands import activity
from services.concurrency import gather_bounded
from services.container import services
from services.durable_client import InstanceStatus
from services.instances import (
    REPLAY_DEAD_LETTER,
    has_completed,
    instance_status,
    is_unfinished,
    raise_event,
    received_events,
    stored_input,
)
from services.telemetry import emit_dead_letter
from services.workflow_runs import last_reported, start_run, stopped
from triggers.timer.restarts import are_used_up, is_due, tries_of
from triggers.timer.start_orphaned_orders import LOST_AFTER

bp = df.Blueprint()

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="30 * * * * *")
@bp.durable_client_input(client_name="client")
async def start_orphaned_workflows(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Every minute."""
    await start_lost(client, datetime.now(UTC))


async def start_lost(client: df.DurableOrchestrationClient, now: datetime) -> None:
    """Look after every run that was accepted more than LOST_AFTER ago and is not known to have ended."""
    reminders = {
        each.key: each for each in await asyncio.to_thread(services().run_repository.intake.open_runs, now - LOST_AFTER)
    }
    await gather_bounded(lambda instance_id: _look_after(client, now, reminders[instance_id]), reminders)


async def _look_after(client: df.DurableOrchestrationClient, now: datetime, reminder: Reminder) -> None:
    try:
        await _recover(client, now, reminder, services().run_repository.intake.run_of(reminder))
    except Exception:  # noqa: BLE001 - whatever it is, it concerns this one alone
        _log.exception("%s could not be looked at; it will be again", reminder.key)


async def _recover(client: df.DurableOrchestrationClient, now: datetime, reminder: Reminder, run: Run) -> None:
    instance = await instance_status(client, run.instance_id)
    if has_completed(instance):
        await asyncio.to_thread(services().run_repository.intake.forget, run.instance_id)
    elif instance is None and not run.has_started:
        _log.warning("%s %s was accepted and never started: starting it", run.workflow, run.key)
        await start_run(client, run)
    elif instance is None:
        await _give_up(run, None, "its instance is gone", now)
    elif is_unfinished(instance):
        await _keep_up(client, run)
    elif instance.runtime_status is df.OrchestrationRuntimeStatus.Terminated:
        await _give_up(run, instance, "its instance was terminated", now)
    else:
        await _start_again(client, now, reminder, run, instance)


async def _keep_up(client: df.DurableOrchestrationClient, run: Run) -> None:
    if not run.has_started:
        await asyncio.to_thread(services().run_repository.intake.mark_started, run.instance_id)
    if run.is_cancelled:  # its event may be lost with an earlier run; twice does no harm
        await raise_event(client, run.instance_id, CANCELLATION_REQUESTED, {})


async def _start_again(
    client: df.DurableOrchestrationClient, now: datetime, reminder: Reminder, run: Run, instance: InstanceStatus
) -> None:
    tries = tries_of(reminder, now)
    if are_used_up(tries):
        await _give_up(run, instance, f"processing stopped {tries + 1} times before its end", now)
        return
    # Counted first: a process that dies over the start must not start for ever.
    if is_due(reminder, tries, now) and await asyncio.to_thread(
        services().run_repository.intake.record_try, reminder, tries + 1, now
    ):
        await _store_received(client, run)
        now_known = await asyncio.to_thread(services().run_repository.intake.open_run, run.instance_id)
        run = run if now_known is None else now_known
        given = await _input(client, run, instance, tries + 2)
        _log.warning(
            "%s %s: the platform has failed its run; starting it again, try %d", run.workflow, run.key, tries + 1
        )
        await client.start_new(run.workflow, run.instance_id, given)


async def _input(
    client: df.DurableOrchestrationClient, run: Run, instance: InstanceStatus, attempt: int
) -> dict[str, Any]:
    """What the failed run was given, which is further than the request where a run gives itself a new input."""
    given: Mapping[str, Any] = await stored_input(client, run.instance_id) or run.request
    if run.workflow == REPLAY_DEAD_LETTER:
        return dict(given)
    before = given.get(RESTART) or {"started_at": instance.created_time}
    restart = Restart(attempt=attempt, started_at=before["started_at"], cancelled=run.is_cancelled)
    return {**given, RESTART: restart.to_wire()}


async def _store_received(client: df.DurableOrchestrationClient, run: Run) -> None:
    """Store what the failed run had received past the API: starting again overwrites its history."""
    events = await received_events(client, run.instance_id)
    if events is None:
        _log.warning("%s: the history of its failed run cannot be read; what is stored must do", run.instance_id)
        return
    for name, payload in events:
        if name == CANCELLATION_REQUESTED:
            await asyncio.to_thread(services().run_repository.intake.request_cancellation, run.instance_id)
        if run.workflow == EXPENSE_APPROVAL:
            await _store_decision(run, name, payload)


async def _store_decision(run: Run, name: str, payload: Any) -> None:
    for turn in range(1, TURNS + 1):
        settling = settling_from_event(payload, run.key, expense_wait_id(run.key, turn))
        if name == expense_decided(turn) and settling is not None:
            await asyncio.to_thread(services().order_repository.settle, settling)


async def _give_up(run: Run, instance: InstanceStatus | None, why: str, now: datetime) -> None:
    """End a run as failed, with a dead letter whose replay starts it again. A replay's own dead letter is open already."""
    if run.workflow != REPLAY_DEAD_LETTER:
        end = stopped(last_reported(run.key, instance))
        emit_dead_letter(await asyncio.to_thread(_record_end, run, end, why, now))
    await asyncio.to_thread(services().run_repository.intake.forget, run.instance_id)
    _log.error("%s %s has failed: %s", run.workflow, run.key, why)


def _record_end(run: Run, end: WorkflowProgress, why: str, now: datetime) -> DeadLetter | None:
    request = RestartRun(
        workflow=run.workflow,
        key=run.key,
        instance_id=run.instance_id,
        request=dict(run.request),
    )
    letter = DeadLetter(
        # One for each time that it was accepted: an operator may start it again in vain.
        dead_letter_id=f"{run.instance_id}.{int(run.accepted_at.timestamp())}",
        order_id=run.key,
        step="run",
        commands=(activity(restart_run, request),),
        reason_code=end.reason_code,
        message=why,
        dead_lettered_at=now,
    )
    services().run_repository.record_end(run.instance_id, end)
    return services().dead_letters.store(letter)
