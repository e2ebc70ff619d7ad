"""Find what is kept of one customer: orders by the index, runs by the inputs of their instances, a cart by its key."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final

from domain.carts.cart import CART_ENTITY, CHECKOUT_CART
from domain.expenses.claim import ExpensePayment
from domain.files.batch import FILE_BATCH
from domain.ids import EXPENSE_APPROVAL, PROCESS_ORDER, instance_id_of
from domain.onboarding.user import USER_ONBOARDING, PersistUser
from domain.orders.batch import ORDER_BATCH
from domain.orders.listing import OrderFilter
from domain.orders.row import OrderRow
from domain.personal.erasure import Open
from domain.personal.traces import Traces, words_of
from domain.reports.report import REPORT
from domain.shipping.tracking import SHIPMENT_TRACKING
from domain.workflows.dead_letter import DeadLetter
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.durable.entities import read_entity
from services.durable.instances import input_of, is_unfinished
from services.durable.listing import instances_of
from services.retention.archiving import history_line
from services.retention.settled import Unsettled, why_order_unsettled, why_run_unsettled

_WORKFLOWS: Final = (
    EXPENSE_APPROVAL,
    USER_ONBOARDING,
    CHECKOUT_CART,
    SHIPMENT_TRACKING,
    REPORT,
    ORDER_BATCH,
    FILE_BATCH,
    "replay",
)
_PARTS: Final = (ORDER_BATCH, FILE_BATCH, f"{ORDER_BATCH}_chunk", f"{FILE_BATCH}_chunk")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is kept of one customer, but for the documents and messages that are read as they are dealt with.

    Attributes:
        runs: By instance id: those whose input, output or status names the customer.
        parts: Ids of batches and their parts, whose histories name the customer.
        dead_letters: Of orders and runs.
    """

    traces: Traces
    orders: tuple[OrderRow, ...]
    users: tuple[PersistUser, ...]
    runs: dict[str, InstanceStatus]
    parts: tuple[str, ...]
    dead_letters: tuple[DeadLetter, ...]
    expense_payments: tuple[ExpensePayment, ...]
    cart: Any

    def runs_and_orders(self) -> tuple[tuple[str, str], ...]:
        """Return workflow and key of every order and run."""
        orders = [(PROCESS_ORDER, row.order_id) for row in self.orders]
        return (*orders, *(_workflow_and_key(instance_id) for instance_id in self.runs))


async def find(client: DurableClient, customer_id: str, emails: tuple[str, ...], pseudonym: str) -> Found:
    """Return what is kept of a customer. emails: addresses that no order of the customer has."""
    rows = await asyncio.to_thread(_orders_of, customer_id)
    known = {*emails, *(row.order.email for row in rows if row.order is not None)}
    users = tuple(await asyncio.to_thread(services().users.of_person, customer_id, known))
    words = {*known, *(each.user.name for each in users), *(each.user.email for each in users)}
    for row in rows:
        words.update(() if row.order is None else words_of(row.order))
    traces = Traces(customer_id, words, pseudonym)
    runs = await _runs_of(client, traces, {row.order_id for row in rows})
    keys = [(PROCESS_ORDER, row.order_id) for row in rows] + [_workflow_and_key(each) for each in runs]
    dead_letters = [
        each
        for workflow, key in keys
        for each in await asyncio.to_thread(services().dead_letters.of_run, workflow, key)
    ]
    return Found(
        traces=traces,
        orders=rows,
        users=users,
        runs=runs,
        parts=await _parts_of(client, traces),
        dead_letters=tuple(dead_letters),
        expense_payments=tuple(await asyncio.to_thread(services().expense_payments.of_employee, customer_id)),
        cart=await read_entity(client, CART_ENTITY, customer_id),
    )


async def open_of(client: DurableClient, found: Found) -> tuple[Open, ...]:
    """Return what of it is not settled."""
    waits = []
    for row in found.orders:
        why = await why_order_unsettled(client, row)
        if why is not None:
            waits.append(Open(kind="order", id=row.order_id, why=why))
    for instance_id in found.runs:
        workflow, key = _workflow_and_key(instance_id)
        why = await why_run_unsettled(client, workflow, key)
        if why is not None:
            waits.append(Open(kind=workflow, id=key, why=why))
    for queue in await asyncio.to_thread(services().personal_data.awaited_messages, found.traces):
        waits.append(Open(kind="queue", id=queue, why=Unsettled.UNDER_WAY))
    return tuple(waits)


def _orders_of(customer_id: str) -> tuple[OrderRow, ...]:
    orders = services().order_repository
    found, cursor = [], None
    while True:
        page = orders.list(OrderFilter(customer_id=customer_id), cursor=cursor, limit=200)
        found += [orders.get(each.order_id) for each in page.items]
        cursor = page.cursor
        if cursor is None:
            return tuple(row for row in found if row is not None)


async def _runs_of(client: DurableClient, traces: Traces, order_ids: set[str]) -> dict[str, InstanceStatus]:
    tracking = {instance_id_of(SHIPMENT_TRACKING, order_id) for order_id in order_ids}
    found = {}
    for workflow in _WORKFLOWS:
        for instance_id, instance in (await instances_of(client, f"{workflow}.")).items():
            if instance_id in tracking or traces.are_in(
                [input_of(instance), _plain(instance.output), instance.custom_status]
            ):
                found[instance_id] = instance
    return found


async def _parts_of(client: DurableClient, traces: Traces) -> tuple[str, ...]:
    """Return the ids of batches and parts whose histories name the customer. The host names parts: the whole hub is read."""
    found = []
    for instance_id, instance in (await instances_of(client, "")).items():
        if instance.name not in _PARTS:
            continue
        line = await history_line(client, instance_id)
        if line is not None and not is_unfinished(instance) and traces.are_in(line.record):
            found.append(instance_id)
    return tuple(found)


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def _workflow_and_key(instance_id: str) -> tuple[str, str]:
    workflow, _, key = instance_id.partition(".")
    return workflow, key
