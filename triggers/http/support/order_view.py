"""One order as seen from outside: its row in the order repository and its instance, read together.

The row outlives the instance and may know more than it (an operator closed an order that needed attention); the instance
knows more than the row while it runs.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import azure.durable_functions as df

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.order import ENDED, OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from domain.shipping.tracking import Tracking
from domain.wire import Timestamp, Wire
from domain.workflows.steps import LedgerEntry
from services.container import services
from services.durable_client import InstanceStatus
from services.instances import instance_status, is_unfinished
from triggers.http.support.request_params import unknown


class OrderAnswer(Wire):
    """An order. The keys in camelCase are spelled and meant as clients of Durable Functions know them.

    customStatus: what the order says of itself while it runs; output: the same when it has ended. The rest repeats either;
    tracking: where the parcel is, once the carrier was asked.
    """

    name: str
    instanceId: str
    runtimeStatus: str
    customStatus: OrderProgress | None
    output: OrderProgress | None
    createdTime: Timestamp
    lastUpdatedTime: Timestamp
    order_id: str
    status: OrderStatus
    succeeded: bool | None
    message: str
    reason_code: str | None
    steps: tuple[LedgerEntry, ...]
    tracking: Tracking | None


@dataclass(frozen=True, kw_only=True)
class OrderView:
    """row: None for an order that was started past the order repository. instance: None before it starts and after
    it was purged."""

    order_id: str
    row: OrderRow | None
    instance: InstanceStatus | None

    @property
    def is_known(self) -> bool:
        """Whether there is such an order."""
        return self.row is not None or self.instance is not None

    @property
    def is_running(self) -> bool:
        """Whether the order still has a way to go; so has one that is accepted and not yet started, or about to be again."""
        return is_unfinished(self.instance) or self.awaits_run

    @property
    def awaits_run(self) -> bool:
        """Whether the recovery timer is to start the order: nothing has, or the platform has failed its run."""
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
        """Where the order stands, by whoever knows best."""
        if is_unfinished(self.instance) or self.awaits_run:
            return self._last_told()
        ends = [end for end in (self._row_end(), self._instance_end()) if end is not None]
        if ends:
            # The instance's ledger also has what came after the row was written; an operator's closing is in the row alone.
            return max(ends, key=lambda end: len(end.steps))
        return self._stopped()

    def answer(self) -> OrderAnswer:
        """What a caller is told."""
        progress, running = self.progress, self.is_running
        created, updated = self._times()
        return OrderAnswer(
            name=PROCESS_ORDER,
            instanceId=order_instance_id(self.order_id),
            runtimeStatus=self._runtime_status(),
            customStatus=progress,
            output=None if running else progress,
            createdTime=created,
            lastUpdatedTime=updated,
            order_id=self.order_id,
            status=progress.status,
            succeeded=progress.succeeded,
            message=progress.message,
            reason_code=progress.reason_code,
            steps=progress.steps,
            tracking=None if self.row is None else self.row.tracking,
        )

    @property
    def _closed(self) -> bool:
        return self.row is not None and self.row.status in ENDED

    def _row_end(self) -> OrderProgress | None:
        return self.row.result if self.row is not None and self._closed else None

    def _instance_end(self) -> OrderProgress | None:
        if self.instance is None or not self._has_completed:
            return None
        return OrderProgress.model_validate(self.instance.output)

    def _runtime_status(self) -> str:
        if self._closed and not is_unfinished(self.instance):
            return "Completed"  # whatever became of its last run, the order has come to its end
        if self.instance is not None and not self.awaits_run:
            return str(self.instance.runtime_status.name)
        return "Pending"

    def _times(self) -> tuple[datetime, datetime]:
        if self.instance is not None:
            return self.instance.created_time, self.instance.last_updated_time
        assert self.row is not None
        return self.row.placed_at or self.row.updated_at, self.row.updated_at

    def _last_told(self) -> OrderProgress:
        """What a run said last. One whose worker died may have lost its custom status; what it recorded is in the row."""
        told = None if self.instance is None else self.instance.custom_status
        if told:
            return OrderProgress.model_validate(told)
        recorded = None if self.row is None else self.row.result
        return recorded or self._accepted()

    def _accepted(self) -> OrderProgress:
        return OrderProgress(order_id=self.order_id, status=OrderStatus.ACCEPTED, message="The order was accepted.")

    def _stopped(self) -> OrderProgress:
        # Terminated from outside or failed by a bug: nobody has compensated anything, and its own error text is not for callers.
        return OrderProgress(
            order_id=self.order_id,
            status=OrderStatus.NEEDS_ATTENTION,
            succeeded=False,
            message="Processing stopped before the order's end; an operator has to look at it.",
            reason_code="processing_stopped",
            steps=self._last_told().steps,
        )


async def find_order(client: df.DurableOrchestrationClient, order_id: str) -> OrderView:
    """What the repository and the task hub know of an order, if anything."""
    row, instance = await asyncio.gather(
        asyncio.to_thread(services().order_repository.get, order_id),
        instance_status(client, order_instance_id(order_id)),
    )
    # An operator may have started something else under an id that an order could have, or its ended order again.
    is_order = instance is not None and instance.name == PROCESS_ORDER and not _is_rerun(row, instance)
    return OrderView(order_id=order_id, row=row, instance=instance if is_order else None)


def _is_rerun(row: OrderRow | None, instance: InstanceStatus) -> bool:
    """Whether the instance is none of the order's own runs: one that found the order settled, or was started after its end.

    The order's own says how it ended before its row does.
    """
    if row is None:
        return False
    told = None if instance.custom_status is None else OrderProgress.model_validate(instance.custom_status)
    if told is not None and told.is_rerun:
        return True
    return row.status in ENDED and (told is None or told.status not in ENDED)


async def view_order(client: df.DurableOrchestrationClient, order_id: str) -> OrderView:
    """An order that the repository or the task hub knows. Raises Problem (404)."""
    view = await find_order(client, order_id)
    if not view.is_known:
        raise unknown("order_id")
    return view
