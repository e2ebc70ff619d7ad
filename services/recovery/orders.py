"""The recovery of orders: what an order's instances have recorded in its row decides how it goes on, or how it ends."""

import asyncio
import logging
from datetime import datetime
from typing import Any

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.approval import APPROVAL_DECIDED, approval_wait_id
from domain.orders.late_start import is_too_late, start_dead_letter
from domain.orders.order import CANCELLABLE, ENDED, OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from domain.orders.run import run_of
from domain.workflows.cancellation import CANCELLATION_REQUESTED, cancellation_from_event
from domain.workflows.decision import APPROVAL_DECISION, settling_from_event
from domain.workflows.intake import Reminder
from domain.workflows.run import Restart
from domain.workflows.steps import CANCELLATION, LedgerEntry
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.durable.instances import has_completed, raise_event
from services.durable.starter import start_instance
from services.orders.late_start import withdraw_start
from services.recovery.order_endings import finish, give_up
from services.recovery.runs import Recovery
from services.recovery.withdrawal import BY_RECOVERY, withdraw_dead_letters
from services.telemetry import emit_dead_letter, emit_status

_log = logging.getLogger(__name__)


class OrderRecovery(Recovery[OrderRow]):
    """The recovery of orders."""

    def __init__(self) -> None:
        super().__init__(services().order_repository.intake)

    def load(self, reminder: Reminder) -> OrderRow | None:
        """Return the order's row."""
        return services().order_repository.get(reminder.key)

    def name_of(self, run: OrderRow) -> str:
        """Return what the log calls the order."""
        return f"order {run.order_id}"

    def workflow_of(self, run: OrderRow) -> str:
        """Return the order's workflow."""
        return PROCESS_ORDER

    def key_of(self, run: OrderRow) -> str:
        """Return the order's id."""
        return run.order_id

    def instance_id_of(self, run: OrderRow) -> str:
        """Return the id of the order's instance."""
        return order_instance_id(run.order_id)

    async def keep_up(self, client: DurableClient, run: OrderRow, instance: InstanceStatus) -> None:
        """Raise an accepted cancellation again that its order has not received: its event may be lost with an earlier instance."""
        if run.cancellation is None or run.course is not None:
            return
        progress = _progress(run, instance)
        is_known = any(entry.step == CANCELLATION for entry in _ledger(run, instance))
        if not is_known and (progress is None or progress.status in CANCELLABLE):
            await raise_event(client, run.order_id, CANCELLATION_REQUESTED, run.cancellation.to_wire())

    def waits_until(self, run: OrderRow, instance: InstanceStatus) -> datetime | None:
        """Return when the order's wait for an approval is over."""
        progress = _progress(run, instance)
        return None if progress is None or progress.approval is None else progress.approval.expires_at

    async def finish(self, run: OrderRow, instance: InstanceStatus | None, now: datetime) -> bool:
        """Do what follows the order's end. An end that its instance has and its row has not is recorded first."""
        if run.status not in ENDED:
            end = _end_of(instance)
            if end is None:
                return False
            emit_status(await asyncio.to_thread(services().order_repository.record, end))
            _log.warning("order %s has ended and that was not recorded: recorded", run.order_id)
        elif run.status is OrderStatus.NEEDS_ATTENTION:
            # The process that recorded it may have died before it logged it.
            emit_status(run.result)
        await _finish(run.order_id, now)
        return True

    async def start_missing(self, client: DurableClient, run: OrderRow, reminder: Reminder, now: datetime) -> None:
        """Start the order: no instance has failed yet, so no try is counted. It looks up what earlier ones have recorded."""
        if run.order is None:
            return
        if is_too_late(run.order.placed_at, now) and run.cancellation is None:
            await leave_start_to_operator(run, now)
        else:
            _log.warning("order %s was accepted and has no instance: starting it", run.order_id)
            await _start(client, run, reminder.tries + 2)

    async def store_event(self, run: OrderRow, name: str, payload: Any) -> None:
        """Store a cancellation or a decision that was raised past the API."""
        if name == CANCELLATION_REQUESTED:
            request = cancellation_from_event(payload)
            await asyncio.to_thread(services().order_repository.request_cancellation, run.order_id, request)
        settling = settling_from_event(payload, PROCESS_ORDER, run.order_id, approval_wait_id(run.order_id))
        if name in (APPROVAL_DECIDED, APPROVAL_DECISION) and settling is not None:
            await asyncio.to_thread(services().approvals.settle, settling)

    async def start_again(self, client: DurableClient, run: OrderRow, instance: InstanceStatus, attempt: int) -> None:
        """Start another instance with the stored order."""
        await _start(client, run, attempt)

    async def record_attention(self, run: OrderRow, instance: InstanceStatus | None, why: str, now: datetime) -> None:
        """Settle that the order stops, and dead-letter what any of its instances may have left open."""
        # Read again: its failed instance may have received a cancellation.
        row = await asyncio.to_thread(services().order_repository.get, run.order_id) or run
        emit_status(await asyncio.to_thread(give_up, row, _ledger(row, instance), why, now))
        await _finish(run.order_id, now)


async def leave_start_to_operator(run: OrderRow, now: datetime) -> None:
    """Dead-letter the start, once. The order stays as it is, so that it can be started, rejected and cancelled."""
    dead_letter = start_dead_letter(run.order_id, now)
    if await asyncio.to_thread(services().dead_letters.get, dead_letter.dead_letter_id) is None:
        emit_dead_letter(await asyncio.to_thread(services().dead_letters.store, dead_letter))
        _log.error("order %s: %s", run.order_id, dead_letter.message)


async def _finish(order_id: str, now: datetime) -> None:
    for dead_letter in await asyncio.to_thread(finish, order_id, now):
        emit_dead_letter(dead_letter)


async def _start(client: DurableClient, row: OrderRow, attempt: int) -> None:
    if row.order is None:
        return
    if row.recoveries:  # the process that started it again may have died before this
        await withdraw_dead_letters(row.order_id, BY_RECOVERY)
    restart = Restart(attempt=attempt, started_at=row.order.placed_at)
    if await start_instance(client, run_of(row.order), restart) and row.cancellation is not None:
        emit_dead_letter(await asyncio.to_thread(withdraw_start, row.order_id, row.cancellation))


def _end_of(instance: InstanceStatus | None) -> OrderProgress | None:
    """Return the end that the order's instance has come to; None for one that found the order settled by another."""
    if instance is None or instance.name != PROCESS_ORDER or not has_completed(instance):
        return None
    end = OrderProgress.model_validate(instance.output)
    return None if end.is_rerun else end


def _progress(row: OrderRow, instance: InstanceStatus | None) -> OrderProgress | None:
    """Return what the order's instance reported last. One whose worker died may have lost its custom status."""
    reported = None if instance is None else instance.custom_status
    return OrderProgress.model_validate(reported) if reported else row.result


def _ledger(row: OrderRow, instance: InstanceStatus | None) -> tuple[LedgerEntry, ...]:
    progress = _progress(row, instance)
    return () if progress is None else progress.steps
