"""Start an order late, because an operator wants it, or let it end by a cancellation."""

import asyncio
from datetime import UTC, datetime

from domain.errors import StorageUnavailable
from domain.ids import dead_letter_id
from domain.orders.late_start import START_ORDER
from domain.orders.order import ENDED
from domain.orders.row import OrderRow
from domain.orders.run import run_of
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.dead_letter import CloseDeadLetter, DeadLetter, DeadLetterState, Resolution
from domain.workflows.run import Restart
from domain.workflows.steps import StepResult
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import instance_status
from services.durable.starter import start_instance


async def start_late(client: DurableClient, order_id: str) -> StepResult:
    """Start an order that has no instance. A repeat finds it started. Refused: order_ended.

    Raises:
        StorageUnavailable: The task hub did not take the start; the same request may be sent again.
    """
    row = await asyncio.to_thread(services().order_repository.get, order_id)
    if row is None or row.order is None or row.status in ENDED:
        return StepResult.refused("order_ended", "the order has ended")
    if await instance_status(client, order_id) is None:
        await _start(client, row)
    return StepResult(reference=order_id)


async def reject_late(client: DurableClient, order_id: str, request: CancellationRequest) -> None:
    """Cancel an order in its operator's name, and start it, so that it compensates whatever a lost instance may have done.

    Raises:
        StorageUnavailable: The same request may be sent again.
    """
    row = await asyncio.to_thread(services().order_repository.request_cancellation, order_id, request)
    is_open = row is not None and row.order is not None and row.status not in ENDED
    if row is not None and is_open and await instance_status(client, order_id) is None:
        await _start(client, row)


def withdraw_start(order_id: str, cancellation: CancellationRequest) -> DeadLetter | None:
    """Close the dead letter of a start that a cancellation has made needless. Return it; None when none was open."""
    closing = CloseDeadLetter(
        dead_letter_id=dead_letter_id(order_id, START_ORDER),
        state=DeadLetterState.RESOLVED,
        at=datetime.now(UTC),
        resolution=Resolution(resolved_by=cancellation.requested_by, reason=cancellation.reason or "cancelled"),
    )
    return services().dead_letters.close(closing)


async def _start(client: DurableClient, row: OrderRow) -> None:
    assert row.order is not None
    # As one that takes over: a lost instance may have begun with the order.
    restart = Restart(attempt=2, started_at=datetime.now(UTC))
    if not await start_instance(client, run_of(row.order), restart):
        raise StorageUnavailable("the task hub did not take the start")
