"""Export one page of what is kept of a customer, and make one document of all pages. It changes nothing."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from domain.ids import PROCESS_ORDER, order_instance_id
from domain.personal.export import CustomerData
from domain.personal.run import CUSTOMER_DATA, DataPage, DataPageDone, DataPlace, FinishExport
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.personal.finding import (
    Person,
    cart_of,
    is_part_of,
    is_run_of,
    page_of_orders,
    person_of,
    workflow_and_key,
)
from services.personal.walking import MAX_ORDERS, Tally, through_instances, time_limit
from services.retention.archiving import history_line


async def export_page(client: DurableClient, page: DataPage) -> DataPageDone:
    """Keep what there is on one page. A repeat replaces it."""
    person = await person_of(page.request, page.place)
    if person is None:
        return DataPageDone()
    if page.place is DataPlace.ORDERS:
        return await _export_orders(client, page, person)
    if page.place is DataPlace.PEOPLE:
        return await _export_people(client, page, person)
    if page.place is DataPlace.RUNS:
        return await _export_runs(client, page, person)
    return await asyncio.to_thread(_export_files, page, person)


def assemble(finish: FinishExport) -> str:
    """Make the document of all pages; return the name of its blob."""
    empty = CustomerData(customer_id=str(finish.request.customer_id), as_of=datetime.now(UTC))
    return services().customer_exports.assemble(finish.key, empty)


async def _export_orders(client: DurableClient, page: DataPage, person: Person) -> DataPageDone:
    found = await page_of_orders(person.customer_id, page.cursor, MAX_ORDERS)
    ids = [row.order_id for row in found.items]
    histories = [await history_line(client, order_instance_id(each)) for each in ids]
    decisions, dead_letters = await _beside([(PROCESS_ORDER, each) for each in ids])
    await _keep(
        page,
        person,
        orders=tuple(row.to_wire() for row in found.items),
        histories=tuple(each.record for each in histories if each is not None),
        decisions=decisions,
        dead_letters=dead_letters,
    )
    return DataPageDone(cursor=found.cursor, counts={"orders": len(ids)})


async def _export_people(client: DurableClient, page: DataPage, person: Person) -> DataPageDone:
    parts, cart = services(), await cart_of(client, person)
    payments = await asyncio.to_thread(parts.expense_payments.of_employee, person.customer_id)
    messages = await asyncio.to_thread(lambda: parts.personal_data.poison_messages(person.traces, delete=False))
    await _keep(
        page,
        person,
        cart=None if cart is None else dict(cart),
        users=tuple(each.to_wire() for each in person.users),
        expense_payments=tuple(each.to_wire() for each in payments),
        messages=tuple(messages),
    )
    return DataPageDone(counts={"users": len(person.users), "messages": len(messages)})


async def _export_runs(client: DurableClient, page: DataPage, person: Person) -> DataPageDone:
    histories: list[dict[str, Any]] = []
    runs: list[tuple[str, str]] = []

    async def export(instance: InstanceStatus) -> None:
        workflow, key = workflow_and_key(instance.instance_id)
        is_run = workflow != CUSTOMER_DATA and is_run_of(person, instance)
        if is_run:
            runs.append((workflow, key))
        if is_run or await is_part_of(client, person, instance):
            line = await history_line(client, instance.instance_id)
            histories.extend([] if line is None else [line.record])

    done = await through_instances(client, page, Tally(), export)
    decisions, dead_letters = await _beside(runs)
    await _keep(page, person, histories=tuple(histories), decisions=decisions, dead_letters=dead_letters)
    return done.model_copy(update={"counts": {"runs": len(runs)}})


def _export_files(page: DataPage, person: Person) -> DataPageDone:
    found, cursor = services().personal_data.documents(person.traces, page.cursor, time_limit())
    data = CustomerData(customer_id=person.customer_id, as_of=datetime.now(UTC), documents=dict(found))
    services().customer_exports.write_page(page.key, page.place, page.number, data)
    return DataPageDone(cursor=cursor, counts={"documents": len(found)})


async def _beside(keys: list[tuple[str, str]]) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
    """Return the decisions and the dead letters of orders and runs."""
    parts, decisions, dead_letters = services(), [], []
    for workflow, key in keys:
        for wait, held in await asyncio.to_thread(parts.approvals.all_of, key):
            decisions.append({"key": key, "wait": wait, **held.to_wire()})
        for dead_letter in await asyncio.to_thread(parts.dead_letters.of_run, workflow, key):
            dead_letters.append(dead_letter.to_wire())
    return tuple(decisions), tuple(dead_letters)


async def _keep(page: DataPage, person: Person, **data: Any) -> None:
    document = CustomerData(customer_id=person.customer_id, as_of=datetime.now(UTC), **data)
    await asyncio.to_thread(services().customer_exports.write_page, page.key, page.place, page.number, document)
