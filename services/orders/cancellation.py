"""Cancel an order. The order compensates what it has done, newest first; nothing is ever terminated.

The request is stored before its event is raised: whatever becomes of the event, and of the instance that was to get it, the order
ends as cancelled, or its ledger shows that the request came too late.
"""

import asyncio

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.order import CANCELLABLE, ENDED, OrderStatus
from domain.orders.row import OrderRow
from domain.refusals import Conflict, TryAgain
from domain.workflows.advice import with_settlement
from domain.workflows.cancellation import CANCELLATION_REQUESTED, CancellationRequest
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import raise_event
from services.orders.status import OrderView, view_order


class TooLateToCancel(Conflict):
    """The order has ended, or is past its pivot."""

    def __init__(self, order_id: str, status: OrderStatus) -> None:
        super().__init__("too_late", _why_not(order_id, status))


async def request_cancellation(client: DurableClient, order_id: str, request: CancellationRequest) -> None:
    """Store a cancellation and wake the order.

    Raises:
        OrderNotFound: There is no such order.
        TooLateToCancel: It has ended, or is past its pivot.
        TryAgain: The event could not be delivered, and no row keeps the request.
        StorageUnavailable: The same request may be sent again.
    """
    view = await view_order(client, order_id)
    _check_cancellable(view)
    row = await asyncio.to_thread(services().order_repository.request_cancellation, order_id, request)
    if row is not None and row.cancellation is None:
        raise TooLateToCancel(order_id, _end_of(row))
    is_delivered = view.awaits_instance or await raise_event(
        client, order_instance_id(order_id), CANCELLATION_REQUESTED, request.to_wire()
    )
    if row is None and not is_delivered:  # an order past the repository has no row that keeps the request
        _check_cancellable(await view_order(client, order_id))
        raise TryAgain("unavailable", "The order could not be reached; the same request may be sent again.")


def _end_of(row: OrderRow) -> OrderStatus:
    """Return the end that an order has come to, or goes to."""
    return row.status if row.status in ENDED or row.course is None else OrderStatus(row.course.end)


def _check_cancellable(view: OrderView) -> None:
    if not view.is_running or view.progress.status not in CANCELLABLE:
        raise TooLateToCancel(view.order_id, view.progress.status)


def _why_not(order_id: str, status: OrderStatus) -> str:
    if status is OrderStatus.NEEDS_ATTENTION:
        return with_settlement("The order has stopped already.", PROCESS_ORDER, order_id)
    if status in ENDED and status is not OrderStatus.COMPLETED:
        return f"The order has ended already, or is about to: it is {status}."
    return "The order is past the point where it can be cancelled."
