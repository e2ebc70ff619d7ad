"""Bring every accepted order to its end: start the one that was never started, start again the one whose run the platform failed.

A process may die between storing an order and starting it. A worker process that dies fails every orchestration that it has in
hand, for good. Such a run is started again under the same id, a few times and later and later; then, and when its instance was
terminated or is gone, the order needs attention. Nothing is lost that the failed run had received: requests are stored before
they are raised, and what was raised past the API is read from the failed run's history.

Each order stands for itself: one that cannot be looked at is named in the log, and the others get their turn.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.inventory.stock import SETTLEMENT_RETENTION
from domain.orders.approval import (
    APPROVAL_DECISION,
    CANCELLATION_REQUESTED,
    SettleApprovalRequest,
    approval_wait_id,
    cancellation_from_event,
    decision_from_event,
)
from domain.orders.order import CANCELLABLE, ENDED, OrderProgress
from domain.orders.row import OrderRow
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.intake import Reminder
from domain.workflows.steps import CANCELLATION, LedgerEntry
from services.concurrency import gather_bounded
from services.container import services
from services.durable_client import InstanceStatus
from services.instances import instance_status, is_unfinished, raise_event, received_events
from services.order_start import START_TIMEOUT_S, start_order
from services.telemetry import emit_dead_letter, emit_status
from triggers.timer.order_endings import finish, give_up
from triggers.timer.restarts import are_used_up, is_due, tries_of

bp = df.Blueprint()

LOST_AFTER: Final = 3 * timedelta(seconds=START_TIMEOUT_S)
"""Well beyond the time in which whoever entered the order tries to start it: two starts could run a finished order again."""

TOO_OLD_AFTER: Final = SETTLEMENT_RETENTION
"""An order that nothing has started for so long is not what its customer expects any more: an operator decides."""

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 * * * * *")
@bp.durable_client_input(client_name="client")
async def start_orphaned_orders(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Every minute."""
    await start_lost(client, datetime.now(UTC))


async def start_lost(client: df.DurableOrchestrationClient, now: datetime) -> None:
    """Look after every order that was placed more than LOST_AFTER ago and has not ended."""
    reminders = {
        each.key: each
        for each in await asyncio.to_thread(services().order_repository.intake.open_runs, now - LOST_AFTER)
    }
    await gather_bounded(lambda order_id: _look_after(client, now, reminders[order_id]), reminders)


async def _look_after(client: df.DurableOrchestrationClient, now: datetime, reminder: Reminder) -> None:
    try:
        await _recover(client, now, reminder)
    except Exception:  # noqa: BLE001 - whatever it is, it concerns this one alone
        _log.exception("order %s could not be looked at; it will be again", reminder.key)


async def _recover(client: df.DurableOrchestrationClient, now: datetime, reminder: Reminder) -> None:
    order_id = reminder.key
    # The instance first: had it recorded its end, that is in the row which is read after it.
    instance = await instance_status(client, order_instance_id(order_id))
    row = await asyncio.to_thread(services().order_repository.get, order_id)
    if row is None:
        await asyncio.to_thread(services().order_repository.intake.forget, order_id)
    elif instance is not None and is_unfinished(instance):
        await _raise_what_waits(client, row, instance)
    elif row.status in ENDED:
        _emit_letters(await asyncio.to_thread(finish, row, now))
    elif instance is None:
        await _recover_missing(client, now, reminder, row)
    elif instance.name == PROCESS_ORDER:
        await _recover_ended(client, now, reminder, row, instance)


async def _raise_what_waits(client: df.DurableOrchestrationClient, row: OrderRow, instance: InstanceStatus) -> None:
    """Raise an accepted cancellation again that its order has not received: its event may be lost with an earlier run."""
    if row.cancellation is None or row.course is not None or instance.name != PROCESS_ORDER:
        return
    ledger, status = _ledger(row, instance), _progress(row, instance)
    is_known = any(entry.step == CANCELLATION for entry in ledger)
    if not is_known and (status is None or status.status in CANCELLABLE):
        wish = row.cancellation.to_wire()
        await raise_event(client, order_instance_id(row.order_id), CANCELLATION_REQUESTED, wish)


async def _recover_missing(
    client: df.DurableOrchestrationClient, now: datetime, reminder: Reminder, row: OrderRow
) -> None:
    """An order whose start failed, or whose process died over it: no run has failed yet, so no try is counted."""
    if row.order is None:
        return
    if row.order.placed_at < now - TOO_OLD_AFTER:
        await _give_up(row, (), "The order has no instance and is too old to be started unseen.", now)
    else:
        _log.warning("order %s was accepted and has no instance: starting it", row.order_id)
        await start_order(client, row.order, attempt=reminder.tries + 2)


async def _recover_ended(
    client: df.DurableOrchestrationClient, now: datetime, reminder: Reminder, row: OrderRow, instance: InstanceStatus
) -> None:
    """An instance that has ended, and the row does not know an end."""
    status = instance.runtime_status
    if status is df.OrchestrationRuntimeStatus.Completed:
        end = OrderProgress.model_validate(instance.output)
        if not end.is_rerun:
            emit_status(await asyncio.to_thread(services().order_repository.record, end))
            await _finish(row.order_id, now)
            _log.warning("order %s has ended and that was not recorded: recorded", row.order_id)
            return
    ledger = _ledger(row, instance)
    if status is df.OrchestrationRuntimeStatus.Terminated:
        await _give_up(row, ledger, "The order's instance was terminated.", now)
    else:
        await _store_received(client, row)
        await _start_again(client, now, reminder, row, ledger)


async def _finish(order_id: str, now: datetime) -> None:
    row = await asyncio.to_thread(services().order_repository.get, order_id)
    if row is not None:
        _emit_letters(await asyncio.to_thread(finish, row, now))


def _emit_letters(letters: list[DeadLetter | None]) -> None:
    for letter in letters:
        emit_dead_letter(letter)


async def _start_again(
    client: df.DurableOrchestrationClient,
    now: datetime,
    reminder: Reminder,
    row: OrderRow,
    ledger: tuple[LedgerEntry, ...],
) -> None:
    tries = tries_of(reminder, now)
    if are_used_up(tries):
        await _give_up(row, ledger, f"Processing stopped {tries + 1} times before the order's end.", now)
        return
    is_mine = (
        row.order is not None
        and is_due(reminder, tries, now)
        # Counted first: a process that dies over the start must not start for ever.
        and await asyncio.to_thread(services().order_repository.intake.record_try, reminder, tries + 1, now)
    )
    if row.order is not None and is_mine:
        _log.warning("order %s: the platform has failed its run; starting it again, try %d", row.order_id, tries + 1)
        await start_order(client, row.order, attempt=tries + 2)


async def _give_up(row: OrderRow, ledger: tuple[LedgerEntry, ...], why: str, now: datetime) -> None:
    emit_status(await asyncio.to_thread(give_up, row, ledger, why, now))
    await _finish(row.order_id, now)
    _log.error("order %s needs attention: %s", row.order_id, why)


async def _store_received(client: df.DurableOrchestrationClient, row: OrderRow) -> None:
    """Store what the failed run had received past the API: starting again overwrites its history."""
    events = await received_events(client, order_instance_id(row.order_id))
    if events is None:
        _log.warning("order %s: the history of its failed run cannot be read; what is stored must do", row.order_id)
        return
    for name, payload in events:
        if name == CANCELLATION_REQUESTED:
            wish = cancellation_from_event(payload)
            await asyncio.to_thread(services().order_repository.request_cancellation, row.order_id, wish)
        decision = decision_from_event(payload) if name == APPROVAL_DECISION else None
        if decision is not None:
            wait_id = approval_wait_id(row.order_id)
            settling = SettleApprovalRequest(order_id=row.order_id, wait_id=wait_id, decision=decision)
            await asyncio.to_thread(services().order_repository.settle, settling)


def _progress(row: OrderRow, instance: InstanceStatus) -> OrderProgress | None:
    """What the run said last. A run whose worker died may have lost its custom status."""
    return OrderProgress.model_validate(instance.custom_status) if instance.custom_status else row.result


def _ledger(row: OrderRow, instance: InstanceStatus) -> tuple[LedgerEntry, ...]:
    progress = _progress(row, instance)
    return () if progress is None else progress.steps
