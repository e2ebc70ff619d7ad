"""Find what is kept of one customer: orders by the index, runs by the inputs of their instances, a cart by its key."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final

from domain.carts.cart import CART_ENTITY, CHECKOUT_CART
from domain.files.batch import FILE_BATCH
from domain.ids import EXPENSE_APPROVAL
from domain.onboarding.user import USER_ONBOARDING, PersistUser
from domain.orders.batch import ORDER_BATCH
from domain.orders.listing import OrderFilter
from domain.orders.row import OrderRow
from domain.personal.run import CUSTOMER_DATA, CustomerDataRequest, DataAction
from domain.personal.traces import Traces, words_of
from domain.reports.report import REPORT
from domain.shipping.tracking import SHIPMENT_TRACKING
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.durable.entities import read_entity
from services.durable.instances import input_of, is_unfinished
from services.retention.archiving import history_line
from services.retention.settled import Unsettled, why_run_unsettled

_WORKFLOWS: Final = frozenset(
    {
        EXPENSE_APPROVAL,
        USER_ONBOARDING,
        CHECKOUT_CART,
        SHIPMENT_TRACKING,
        REPORT,
        ORDER_BATCH,
        FILE_BATCH,
        "replay",
        CUSTOMER_DATA,  # an earlier export
    }
)
_PARTS: Final = (ORDER_BATCH, FILE_BATCH, f"{ORDER_BATCH}_chunk", f"{FILE_BATCH}_chunk")


@dataclass(frozen=True, kw_only=True)
class Person:
    """By what a customer is found.

    Attributes:
        orders: The oldest id first.
    """

    customer_id: str
    traces: Traces
    orders: tuple[OrderRow, ...]
    users: tuple[PersistUser, ...]


async def person_of(request: CustomerDataRequest) -> Person | None:
    """Return by what the customer of a run is found; None when the erasure is done, so that no record leads there."""
    if request.action is DataAction.EXPORT:
        return await _found(str(request.customer_id), request.emails, "erased")
    erasure = await asyncio.to_thread(services().erasures.find, str(request.subject))
    if erasure is None or erasure.customer_id is None:
        return None
    return await _found(erasure.customer_id, erasure.emails or (), erasure.pseudonym)


async def _found(customer_id: str, emails: tuple[str, ...], pseudonym: str) -> Person:
    rows = await asyncio.to_thread(_orders_of, customer_id)
    known = {*emails, *(row.order.email for row in rows if row.order is not None)}
    users = tuple(await asyncio.to_thread(services().users.of_person, customer_id, known))
    words = {*known, *(each.user.name for each in users), *(each.user.email for each in users)}
    for row in rows:
        words.update(() if row.order is None else words_of(row.order))
    return Person(customer_id=customer_id, traces=Traces(customer_id, words, pseudonym), orders=rows, users=users)


def _orders_of(customer_id: str) -> tuple[OrderRow, ...]:
    orders = services().order_repository
    found, cursor = [], None
    while True:
        page = orders.list(OrderFilter(customer_id=customer_id), cursor=cursor, limit=200)
        found += [orders.get(each.order_id) for each in page.items]
        cursor = page.cursor
        if cursor is None:
            return tuple(sorted((row for row in found if row is not None), key=lambda row: row.order_id))


async def cart_of(client: DurableClient, person: Person) -> Any:
    """Return the state of the customer's cart; None without one."""
    return await read_entity(client, CART_ENTITY, person.customer_id)


def is_run_of(person: Person, instance: InstanceStatus) -> bool:
    """Return whether an instance is a run whose input, output or status names the customer, or that follows an order of theirs."""
    workflow, _, key = instance.instance_id.partition(".")
    if workflow not in _WORKFLOWS:
        return False
    if workflow == SHIPMENT_TRACKING and key in {row.order_id for row in person.orders}:
        return True
    return person.traces.are_in([input_of(instance), _plain(instance.output), instance.custom_status])


async def why_run_open(client: DurableClient, instance: InstanceStatus) -> Unsettled | None:
    """Return what is open of a run of the customer; None when it is settled."""
    workflow, key = workflow_and_key(instance.instance_id)
    if workflow == CUSTOMER_DATA:  # an export changes nothing, so its end is all that it waits for
        return Unsettled.UNDER_WAY if is_unfinished(instance) else None
    return await why_run_unsettled(client, workflow, key)


async def is_part_of(client: DurableClient, person: Person, instance: InstanceStatus) -> bool:
    """Return whether an instance is a batch, or a part of one, that has ended and whose history names the customer."""
    if instance.name not in _PARTS or is_unfinished(instance):
        return False
    line = await history_line(client, instance.instance_id)
    return line is not None and person.traces.are_in(line.record)


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def workflow_and_key(instance_id: str) -> tuple[str, str]:
    """Return the workflow and the key of a run's instance."""
    workflow, _, key = instance_id.partition(".")
    return workflow, key
