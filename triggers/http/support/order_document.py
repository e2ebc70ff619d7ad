"""Show an order as callers see it: what was ordered, where it stands, and what can be done with it."""

from typing import Annotated, Any

from pydantic import Field

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.document import (
    OrderApproval,
    OrderedLine,
    OrderParcel,
    OrderPayment,
    ordered_lines,
    parcel_of,
    payment_of,
)
from domain.orders.order import OrderStatus
from domain.orders.parcel import parcel_on_its_way
from domain.shipping.shipment import Address
from domain.shipping.tracking import ENDS
from domain.wire import Timestamp, Wire
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.steps import LedgerEntry, StepUnderWay
from services.orders.document import OrderFacts
from services.orders.possible import OrderAction, possible_actions
from services.orders.status import OrderView
from triggers.http.support.dead_letter_links import OpenDeadLetter, open_dead_letters
from triggers.http.support.durable_view import DurableStatus, status_and_output
from triggers.http.support.links import order_links, resource


class OrderResources(Wire):
    """The addresses of an order. One is null while there is nothing behind it that could succeed.

    Attributes:
        durable: The same order, as clients of Durable Functions know it.
        approval: Takes an approver's decision.
        cancellation: Takes a cancellation.
        watch: Has the parcel watched closely while it is on its way.
        settlement: Settles what is open, and stops an order whose instance has failed or was terminated.
        events: Takes an external event, with the system key. See `sendEventPostUri` of the answer to a new order.
    """

    self: str
    durable: str
    approval: str | None
    cancellation: str | None
    watch: str | None
    settlement: str | None
    events: str | None


class OrderDocument(Wire):
    """An order. The keys in camelCase are those that clients of Durable Functions know.

    What was ordered is null where the order was started past the shop's API and its instance does not show it.

    Attributes:
        succeeded: Whether it completed; null until its end.
        reason_code: Why it ended without goods, or was not started.
        step: The step under way, with its attempts; null between two.
        placed_at: When it was accepted.
        updated_at: When anything of it last changed, after its end too.
        total_cents: The price of the goods.
        payment: What became of the customer's money.
        parcel: Null before it is announced to the carrier.
        approval: Null for an order that needs none.
        cancellation: A cancellation that was accepted, whether in time or not.
        steps: The ledger, oldest first.
        dead_letters: What an operator has to settle; null while their store does not answer.
        createdTime: The same as `placed_at`.
        lastUpdatedTime: The same as `updated_at`.
    """

    order_id: str
    status: OrderStatus
    succeeded: bool | None
    message: str
    reason_code: str | None
    step: StepUnderWay | None
    placed_at: Timestamp
    updated_at: Timestamp
    customer_id: str | None = None
    email: str | None = None
    ship_to: Address | None = None
    lines: tuple[OrderedLine, ...] | None = None
    total_cents: int | None = None
    currency: str | None = None
    payment: OrderPayment | None = None
    parcel: OrderParcel | None
    approval: OrderApproval | None = None
    cancellation: CancellationRequest | None
    steps: tuple[LedgerEntry, ...]
    dead_letters: tuple[OpenDeadLetter, ...] | None
    links: OrderResources
    instanceId: str
    runtimeStatus: Annotated[str, Field(description="Pending, Running, Suspended, Completed, Failed or Terminated.")]
    createdTime: Timestamp
    lastUpdatedTime: Timestamp


def order_document(facts: OrderFacts) -> OrderDocument:
    """Return the document of an order."""
    view = facts.view
    progress, row = view.progress, view.row
    created, changed = view.created_at, view.changed_at
    return OrderDocument(
        order_id=view.order_id,
        status=progress.status,
        succeeded=progress.succeeded,
        message=progress.message,
        reason_code=progress.reason_code,
        step=progress.step,
        placed_at=created,
        updated_at=changed,
        **_ordered(facts),
        parcel=parcel_of(progress.steps, None if row is None else row.tracking),
        cancellation=None if row is None else row.cancellation,
        steps=progress.steps,
        dead_letters=None if facts.dead_letters is None else open_dead_letters(facts.dead_letters),
        links=_resources(facts),
        instanceId=order_instance_id(view.order_id),
        runtimeStatus=view.runtime_status,
        createdTime=created,
        lastUpdatedTime=changed,
    )


def durable_order(facts: OrderFacts) -> DurableStatus:
    """Return an order as clients of Durable Functions know it."""
    view = facts.view
    return DurableStatus(
        name=PROCESS_ORDER,
        instanceId=order_instance_id(view.order_id),
        runtimeStatus=view.runtime_status,
        input=None if facts.order is None else facts.order.to_wire(),
        **status_and_output(view.progress, has_ended=not view.is_running),
        createdTime=view.created_at,
        lastUpdatedTime=view.changed_at,
    )


def _ordered(facts: OrderFacts) -> dict[str, Any]:
    order, progress = facts.order, facts.view.progress
    if order is None:
        return {}
    return {
        "customer_id": order.customer_id,
        "email": order.email,
        "ship_to": order.ship_to,
        "lines": ordered_lines(order),
        "total_cents": order.total_cents,
        "currency": order.currency,
        "payment": payment_of(order, progress.steps, progress.step),
        "approval": facts.approval,
    }


def _resources(facts: OrderFacts) -> OrderResources:
    view = facts.view
    order, links = resource("orders", view.order_id), order_links(view.order_id)
    possible = possible_actions(facts)
    return OrderResources(
        self=order,
        durable=f"{order}?view=durable",
        approval=links.approvalPostUri if OrderAction.DECIDE in possible else None,
        cancellation=links.cancellationPostUri if OrderAction.CANCEL in possible else None,
        watch=f"{resource('shipments', view.order_id)}/watch" if _is_on_its_way(view) else None,
        settlement=f"{order}/settlement" if OrderAction.SETTLE in possible else None,
        events=links.sendEventPostUri if view.is_running and view.instance is not None else None,
    )


def _is_on_its_way(view: OrderView) -> bool:
    has_arrived = view.row is not None and view.row.tracking is not None and view.row.tracking.status in ENDS
    return parcel_on_its_way(view.progress) is not None and not has_arrived
