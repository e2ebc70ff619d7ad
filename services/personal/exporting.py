"""Export what is kept of one customer, as one document."""

import asyncio
from datetime import datetime
from typing import Any

from domain.ids import order_instance_id
from domain.personal.erasure import KEPT, PersonalDataRequest
from domain.wire import Timestamp, Wire
from services.container import services
from services.durable.client import DurableClient
from services.personal.finding import find
from services.retention.archiving import history_line


class CustomerData(Wire):
    """Everything that is kept of one customer.

    Attributes:
        orders: Rows of the order repository, with ledger and parcel.
        histories: Instances of orders and runs, with inputs, outputs and what happened in them.
        documents: Archived records, reports, batches and uploaded files that name the customer.
        elsewhere: What is kept, and does not stand here.
    """

    customer_id: str
    as_of: Timestamp
    orders: tuple[dict[str, Any], ...]
    cart: dict[str, Any] | None
    users: tuple[dict[str, Any], ...]
    expense_payments: tuple[dict[str, Any], ...]
    histories: tuple[dict[str, Any], ...]
    decisions: tuple[dict[str, Any], ...]
    dead_letters: tuple[dict[str, Any], ...]
    documents: dict[str, str]
    messages: tuple[str, ...]
    elsewhere: tuple[str, ...] = KEPT[2:]


async def export(client: DurableClient, customer_id: str, request: PersonalDataRequest, now: datetime) -> CustomerData:
    """Return everything that is kept of a customer. It changes nothing."""
    parts = services()
    found = await find(client, customer_id, request.emails, "erased")
    documents = await asyncio.to_thread(lambda: dict(parts.personal_data.documents(found.traces)))
    messages = await asyncio.to_thread(lambda: parts.personal_data.poison_messages(found.traces, delete=False))
    instance_ids = [*(order_instance_id(row.order_id) for row in found.orders), *found.runs, *found.parts]
    histories = [await history_line(client, each) for each in instance_ids]
    decisions = [
        {"key": key, "wait": wait, **held.to_wire()}
        for _, key in found.runs_and_orders()
        for wait, held in await asyncio.to_thread(parts.approvals.all_of, key)
    ]
    return CustomerData(
        customer_id=customer_id,
        as_of=now,
        orders=tuple(row.to_wire() for row in found.orders),
        cart=None if found.cart is None else dict(found.cart),
        users=tuple(each.to_wire() for each in found.users),
        expense_payments=tuple(each.to_wire() for each in found.expense_payments),
        histories=tuple(each.record for each in histories if each is not None),
        decisions=tuple(decisions),
        dead_letters=tuple(each.to_wire() for each in found.dead_letters),
        documents=documents,
        messages=tuple(messages),
    )
