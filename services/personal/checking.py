"""Check that all of a customer's data is settled: nothing is erased while money, stock or a dead letter is open."""

import asyncio

from domain.orders.row import OrderRow
from domain.personal.erasure import Open
from domain.personal.run import DataPage, DataPageDone, DataPlace
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.personal.finding import Person, is_run_of, person_of, why_run_open, workflow_and_key
from services.personal.walking import Tally, through_instances, through_orders
from services.retention.settled import Unsettled, why_order_unsettled


async def check_page(client: DurableClient, page: DataPage) -> DataPageDone:
    """Return what is open on one page."""
    person = await person_of(page.request, page.place)
    if person is None:
        return DataPageDone()
    if page.place is DataPlace.ORDERS:
        return await _check_orders(client, page, person)
    if page.place is DataPlace.PEOPLE:
        return await _check_messages(person)
    return await _check_runs(client, page, person)


async def _check_orders(client: DurableClient, page: DataPage, person: Person) -> DataPageDone:
    tally = Tally()

    async def check(row: OrderRow) -> None:
        why = await why_order_unsettled(client, row)
        if why is not None:
            tally.open.append(Open(kind="order", id=row.order_id, why=why))

    return await through_orders(person.customer_id, page, tally, check)


async def _check_messages(person: Person) -> DataPageDone:
    tally = Tally()
    for queue in await asyncio.to_thread(services().personal_data.awaited_messages, person.traces):
        tally.open.append(Open(kind="queue", id=queue, why=Unsettled.UNDER_WAY))
    return tally.done(None)


async def _check_runs(client: DurableClient, page: DataPage, person: Person) -> DataPageDone:
    tally = Tally()

    async def check(instance: InstanceStatus) -> None:
        if is_run_of(person, instance):
            why = await why_run_open(client, instance)
            if why is not None:
                workflow, key = workflow_and_key(instance.instance_id)
                tally.open.append(Open(kind=workflow, id=key, why=why))

    return await through_instances(client, page, tally, check)
