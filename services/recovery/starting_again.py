"""Start a run again because an operator wants it, after a faulty release was rolled back, say.

A run that waits for its next try is started at once, and its tries count anew. An order that was given up goes on where it was,
as long as nothing of it is compensated; one that is paid is completed. Every other one stays as it is, and the answer says why.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import azure.durable_functions as df

from domain.ids import PROCESS_ORDER, instance_id_of
from domain.orders.late_start import START_ORDER
from domain.orders.order import ENDED
from domain.orders.recovery import NotStartedAgain, why_not_started_again
from domain.orders.row import OrderRow
from domain.orders.run import run_of
from domain.refusals import Conflict
from domain.workflows.advice import settlement_operation
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.intake import Reminder
from domain.workflows.run import Restart
from domain.workflows.steps import RUN
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.durable.instances import has_completed, instance_status, is_unfinished
from services.durable.starter import start_instance
from services.recovery import runs
from services.recovery.orders import OrderRecovery
from services.recovery.runs import R, Recovery
from services.recovery.withdrawal import withdraw_dead_letters
from services.recovery.workflows import WorkflowRecovery
from services.workflows.dead_letters import ReplayRunning, replay

_DETAILS: Final = {
    "not_found": "There is no such run.",
    "under_way": "It is under way.",
    "ended": "It has ended.",
    "being_given_up": "It is being given up; send this again in a minute.",
    "terminated": "It was terminated: name it in `ids` to start it again, or settle it by {settlement}.",
    "compensating": "It was to stop, or some of it is compensated: {settlement} settles it.",
    "nothing_open": "Nothing of it waits for an operator.",
    "changed_meanwhile": "Another operator, or the recovery timer, was faster.",
    "unavailable": "It could not be recovered now; send this again in a few minutes.",
    "not_taken": "The task hub did not take the start; send this again in a few minutes.",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """What became of one run. reason and detail: why it was not started; None when it was."""

    workflow: str
    key: str
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What an operator asks for.

    Attributes:
        requested_by: Goes into the dead letters that are withdrawn.
        is_named: The operator has named this run: it is started again although it was terminated.
        now: The present time.
    """

    requested_by: str
    is_named: bool
    now: datetime


def skipped(workflow: str, key: str, reason: str) -> Recovered:
    """Return that a run stays as it is."""
    detail = _DETAILS[reason].format(settlement=settlement_operation(workflow, key))
    return Recovered(workflow=workflow, key=key, reason=reason, detail=detail)


async def start_run_again(client: DurableClient, workflow: str, key: str, wish: Wish) -> Recovered:
    """Start one run again, if it may be. A repeat finds it under way."""
    is_order = workflow == PROCESS_ORDER
    start = _start_order_again if is_order else _start_other_again
    reason = await start(client, workflow, key, wish)
    if reason is not None:
        return skipped(workflow, key, reason)
    _log.warning("%s %s: started again for an operator", "order" if is_order else workflow, key)
    return Recovered(workflow=workflow, key=key)


async def _start_order_again(client: DurableClient, workflow: str, order_id: str, wish: Wish) -> str | None:
    """Return why the order was not started again."""
    instance = await instance_status(client, instance_id_of(workflow, order_id))
    row = await asyncio.to_thread(services().order_repository.get, order_id)
    if row is None or row.order is None or (instance is not None and instance.name != workflow):
        return "not_found"
    if is_unfinished(instance):
        return "under_way"
    if row.status not in ENDED:
        return await _start_waiting(client, OrderRecovery(), row, instance, wish)
    why: NotStartedAgain | None = why_not_started_again(row)
    if why == "paid":
        return await _replay(client, workflow, order_id, lambda each: each.run_end is not None)
    if why is None and instance is not None and not wish.is_named and _was_terminated(instance):
        return "terminated"
    if why is None and has_completed(instance):
        return "compensating"
    return await _resume(client, row, wish) if why is None else {"not_given_up": "ended"}.get(why, why)


async def _resume(client: DurableClient, row: OrderRow, wish: Wish) -> str | None:
    """Let an order go on that was given up. Of this and a replay of one of its dead letters, one comes through.

    Its reminder comes first: whatever this process dies over, the recovery timer starts the order, or finds it as it was.
    """
    assert row.order is not None
    orders = services().order_repository
    run = replace(run_of(row.order, with_request=False), accepted_at=wish.now)
    if await asyncio.to_thread(orders.intake.open_run, run.instance_id) is not None:
        return "being_given_up"
    await asyncio.to_thread(orders.intake.remember, run)
    resumed = await asyncio.to_thread(orders.withdraw_stop, row.order_id)
    if resumed is None or resumed.order is None:
        return "changed_meanwhile"
    await withdraw_dead_letters(row.order_id, wish.requested_by)
    restart = Restart(attempt=resumed.recoveries + 1, started_at=resumed.order.placed_at)
    is_started = await start_instance(client, run_of(resumed.order), restart)
    await asyncio.to_thread(orders.intake.remember, run)  # should what gave the order up have been slow to forget it
    return None if is_started else "not_taken"


async def _start_other_again(client: DurableClient, workflow: str, key: str, wish: Wish) -> str | None:
    """Return why the run of another workflow was not started again."""
    instance = await instance_status(client, instance_id_of(workflow, key))
    if is_unfinished(instance):
        return "under_way"
    run = await asyncio.to_thread(services().run_repository.intake.open_run, instance_id_of(workflow, key))
    if run is None:
        return await _replay(client, workflow, key, lambda each: each.step == RUN)
    return await _start_waiting(client, WorkflowRecovery(), run, instance, wish)


async def _start_waiting(
    client: DurableClient, recovery: Recovery[R], run: R, instance: InstanceStatus | None, wish: Wish
) -> str | None:
    """Start a run that the recovery timer would start later. Return why it was not started."""
    reminder = await asyncio.to_thread(recovery.intake.reminder, recovery.instance_id_of(run))
    if reminder is None:
        return "changed_meanwhile"
    if instance is None:
        return await _start_missing(client, recovery, run, reminder, wish)
    if await recovery.finish(run, instance, wish.now):
        return "ended"
    if _was_terminated(instance) and not wish.is_named:
        return "terminated"
    return None if await recovery.start_at_once(client, run, instance, reminder, wish.now) else "changed_meanwhile"


async def _start_missing(
    client: DurableClient, recovery: Recovery[R], run: R, reminder: Reminder, wish: Wish
) -> str | None:
    """Start a run that has no instance: what the recovery timer leaves to an operator is what this operator wants."""
    if recovery.intake.run_of(reminder).accepted_at > wish.now - runs.ORPHANED_AFTER:
        return "under_way"
    await recovery.start_missing(client, run, reminder, wish.now)
    workflow, key = recovery.workflow_of(run), recovery.key_of(run)
    reason = await _replay(client, workflow, key, lambda each: each.step in (START_ORDER, RUN))
    return None if reason == "nothing_open" else reason


async def _replay(
    client: DurableClient, workflow: str, key: str, is_wanted: Callable[[DeadLetter], bool]
) -> str | None:
    """Replay some dead letters of a run. Return why none is being replayed."""
    open_ones = await asyncio.to_thread(services().dead_letters.open_of, workflow, key)
    wanted = [each for each in open_ones if is_wanted(each)]
    for dead_letter in wanted:
        try:
            await replay(client, dead_letter.dead_letter_id)
        except ReplayRunning:
            continue
        except Conflict:
            return "changed_meanwhile"
    return None if wanted else "nothing_open"


def _was_terminated(instance: InstanceStatus) -> bool:
    return instance.runtime_status is df.OrchestrationRuntimeStatus.Terminated
