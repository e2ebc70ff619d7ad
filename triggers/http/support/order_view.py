"""Show an order as callers see it."""

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.order import OrderProgress, OrderStatus
from domain.shipping.tracking import Tracking
from domain.wire import Timestamp, Wire
from domain.workflows.steps import LedgerEntry
from services.orders.status import OrderView


class OrderAnswer(Wire):
    """An order. The keys in camelCase are those that clients of Durable Functions know.

    `customStatus` is where the order stands, `output` the same once it has ended; the other fields repeat it. `tracking` is where
    the parcel is, null before the carrier was first polled.
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


def order_answer(view: OrderView) -> OrderAnswer:
    """Return the answer that shows an order."""
    progress = view.progress
    created, updated = view.times
    return OrderAnswer(
        name=PROCESS_ORDER,
        instanceId=order_instance_id(view.order_id),
        runtimeStatus=view.runtime_status,
        customStatus=progress,
        output=None if view.is_running else progress,
        createdTime=created,
        lastUpdatedTime=updated,
        order_id=view.order_id,
        status=progress.status,
        succeeded=progress.succeeded,
        message=progress.message,
        reason_code=progress.reason_code,
        steps=progress.steps,
        tracking=None if view.row is None else view.row.tracking,
    )
