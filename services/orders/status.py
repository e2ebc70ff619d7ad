"""The status of one order: its row in the order repository and its instance, read together.

The row outlives the instance and may know more than it (an operator closed an order that needed attention); the instance
knows more than the row while it runs.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import azure.durable_functions as df

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.late_start import NOT_STARTED, is_too_late, not_started_message
from domain.orders.order import ENDED, OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from domain.refusals import NotFound
from domain.workflows.advice import with_settlement
from domain.workflows.restarts import restart_under_way
from domain.workflows.steps import StepUnderWay, last_change
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.durable.instances import has_failed, instance_status, is_unfinished


class OrderNotFound(NotFound):
    """There is no order with this id."""

    def __init__(self) -> None:
        super().__init__("order_not_found", "There is no order with this id.")


@dataclass(frozen=True, kw_only=True)
class OrderView:
    """What is known of an order.

    Attributes:
        order_id: Its id.
        row: None for an order that was started past the order repository.
        instance: None before it starts and after it was purged.
        restart: When the recovery timer starts it again, if the platform has failed its instance.
    """

    order_id: str
    row: OrderRow | None
    instance: InstanceStatus | None
    restart: StepUnderWay | None = None

    @property
    def is_known(self) -> bool:
        """Whether the order exists."""
        return self.row is not None or self.instance is not None

    @property
    def is_running(self) -> bool:
        """Whether the order has not ended: it runs, or is about to be started, for the first time or again."""
        return is_unfinished(self.instance) or self.awaits_instance

    @property
    def awaits_instance(self) -> bool:
        """Whether the recovery timer is to start the order: it never was, or the platform has failed its instance."""
        if self._closed or is_unfinished(self.instance):
            return False
        return self.instance is None or (
            self.row is not None and self.row.order is not None and not self._has_completed
        )

    @property
    def _has_completed(self) -> bool:
        return self.instance is not None and self.instance.runtime_status is df.OrchestrationRuntimeStatus.Completed

    @property
    def progress(self) -> OrderProgress:
        """Where the order stands, from the source that knows most."""
        if self.awaits_instance:  # the step that an instance had in hand is under way no longer
            return self._last_reported().model_copy(update={"step": self.restart})
        if is_unfinished(self.instance):
            return self._last_reported()
        ends = [end for end in (self._row_end(), self._instance_end()) if end is not None]
        if ends:
            # The instance's ledger also has what came after the row was written; an operator's closing is in the row alone.
            return max(ends, key=lambda end: len(end.steps))
        return self._stopped()

    @property
    def _closed(self) -> bool:
        return self.row is not None and self.row.status in ENDED

    def _row_end(self) -> OrderProgress | None:
        return self.row.result if self.row is not None and self._closed else None

    def _instance_end(self) -> OrderProgress | None:
        if self.instance is None or not self._has_completed:
            return None
        return OrderProgress.model_validate(self.instance.output)

    @property
    def runtime_status(self) -> str:
        """The runtime status of the order, in the platform's words."""
        if self._closed and not is_unfinished(self.instance):
            return "Completed"  # whatever became of its last run, the order has come to its end
        if self.instance is not None and not self.awaits_instance:
            return str(self.instance.runtime_status.name)
        return "Pending"

    @property
    def created_at(self) -> datetime:
        """When the order was placed. One past the repository began with its instance."""
        if self.row is not None and self.row.placed_at is not None:
            return self.row.placed_at
        if self.instance is not None:
            return self.instance.created_time
        assert self.row is not None
        return self.row.updated_at

    @property
    def changed_at(self) -> datetime:
        """When the order last changed: its row, its ledger or, before its end, its instance.

        The instance of an ended order says nothing: an operator's settlement and the parcel's way change the row alone.
        """
        from_row = None if self.row is None else self.row.updated_at
        from_instance = None if self.instance is None or self._closed else self.instance.last_updated_time
        return last_change(self.progress.steps, from_row, from_instance) or self.created_at

    def _last_reported(self) -> OrderProgress:
        """Return what an instance reported last. One whose worker died may have lost that; the row has what it recorded."""
        reported = None if self.instance is None else self.instance.custom_status
        if reported:
            return OrderProgress.model_validate(reported)
        recorded = None if self.row is None else self.row.result
        return recorded or self._accepted(datetime.now(UTC))

    def _accepted(self, now: datetime) -> OrderProgress:
        placed_at = None if self.row is None else self.row.placed_at
        is_late = self.instance is None and is_too_late(placed_at, now)
        return OrderProgress(
            order_id=self.order_id,
            status=OrderStatus.ACCEPTED,
            message=not_started_message(self.order_id) if is_late else "The order was accepted.",
            reason_code=NOT_STARTED if is_late else None,
        )

    def _stopped(self) -> OrderProgress:
        # Terminated from outside or failed by a bug: nothing is compensated, and its own error text is not for callers.
        return OrderProgress(
            order_id=self.order_id,
            status=OrderStatus.NEEDS_ATTENTION,
            succeeded=False,
            message=with_settlement("Processing stopped before the order's end.", PROCESS_ORDER, self.order_id),
            reason_code="processing_stopped",
            steps=self._last_reported().steps,
        )


async def find_order(client: DurableClient, order_id: str) -> OrderView:
    """Return what the repository and the task hub know of an order, if anything."""
    row, instance = await asyncio.gather(
        asyncio.to_thread(services().order_repository.get, order_id),
        instance_status(client, order_instance_id(order_id)),
    )
    # An operator may have started something else under an id that an order could have, or its ended order again.
    is_order = instance is not None and instance.name == PROCESS_ORDER and not _is_rerun(row, instance)
    view = OrderView(order_id=order_id, row=row, instance=instance if is_order else None)
    return replace(view, restart=await _restart(view)) if view.awaits_instance and has_failed(view.instance) else view


async def _restart(view: OrderView) -> StepUnderWay | None:
    intake = services().order_repository.intake
    reminder = await asyncio.to_thread(intake.reminder, order_instance_id(view.order_id))
    return None if reminder is None else restart_under_way(reminder, datetime.now(UTC))


def _is_rerun(row: OrderRow | None, instance: InstanceStatus) -> bool:
    """Return whether the instance is none of the order's own: it found the order settled, or was started after its end.

    The order's own instance has the end before the row has it.
    """
    if row is None:
        return False
    reported = None if instance.custom_status is None else OrderProgress.model_validate(instance.custom_status)
    if reported is not None and reported.is_rerun:
        return True
    return row.status in ENDED and (reported is None or reported.status not in ENDED)


async def view_order(client: DurableClient, order_id: str) -> OrderView:
    """Return an order that the repository or the task hub knows.

    Raises:
        OrderNotFound: Neither does.
    """
    view = await find_order(client, order_id)
    if not view.is_known:
        raise OrderNotFound
    return view
