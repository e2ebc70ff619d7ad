"""Erase one page of a customer's data. Each part may be done twice, and what has become open meanwhile is left as it is."""

import asyncio
from collections import Counter

from domain.carts.cart import CART_ENTITY
from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.row import OrderRow
from domain.personal.erasure import Open
from domain.personal.run import CUSTOMER_DATA, DataPage, DataPageDone, DataPlace
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.personal.finding import Person, cart_of, is_part_of, is_run_of, person_of, why_run_open, workflow_and_key
from services.personal.walking import Tally, through_instances, through_orders, time_limit
from services.retention.archiving import purge_instance
from services.retention.orders import forget_beside
from services.retention.settled import why_order_unsettled


async def erase_page(client: DurableClient, page: DataPage) -> DataPageDone:
    """Erase what is settled of one page. Return how many records of each kind there were, and what is open."""
    person = await person_of(page.request, page.place)
    if person is None:
        return DataPageDone()
    if page.place is DataPlace.FILES:
        return await asyncio.to_thread(_erase_files, page, person)
    if page.place is DataPlace.RUNS:
        return await _erase_runs(client, page, person)
    if page.place is DataPlace.PEOPLE:
        return await _erase_people(client, person)
    return await _erase_orders(client, page, person)


def _erase_files(page: DataPage, person: Person) -> DataPageDone:
    found, cursor = services().personal_data.documents(person.traces, page.cursor, time_limit())
    for path, _ in found:
        services().personal_data.scrub(person.traces, path)
    return DataPageDone(cursor=cursor, counts={"documents": len(found)})


async def _erase_runs(client: DurableClient, page: DataPage, person: Person) -> DataPageDone:
    tally = Tally()

    async def erase(instance: InstanceStatus) -> None:
        instance_id = instance.instance_id
        if is_run_of(person, instance):
            workflow, key = workflow_and_key(instance_id)
            why = await why_run_open(client, instance)
            if why is None:
                await _erase_run(client, workflow, key, instance_id, tally.counts)
            else:
                tally.open.append(Open(kind=workflow, id=key, why=why))
        elif await is_part_of(client, person, instance):
            await purge_instance(client, instance_id)

    return await through_instances(client, page, tally, erase)


async def _erase_run(client: DurableClient, workflow: str, key: str, instance_id: str, counts: Counter[str]) -> None:
    parts = services()
    counts["dead_letters"] += await _delete_dead_letters(workflow, key)
    await asyncio.to_thread(parts.approvals.delete_all, key)
    if workflow == CUSTOMER_DATA:  # the files of other runs are rewritten, as they hold others' data too
        await asyncio.to_thread(parts.run_files.delete, workflow, key)
        await asyncio.to_thread(parts.run_repository.intake.forget, instance_id)
    await asyncio.to_thread(parts.run_repository.delete, instance_id)
    await purge_instance(client, instance_id)  # last: by it a repeat finds the run
    counts["runs"] += 1


async def _erase_people(client: DurableClient, person: Person) -> DataPageDone:
    parts, tally = services(), Tally()
    messages = await asyncio.to_thread(lambda: parts.personal_data.poison_messages(person.traces, delete=True))
    tally.counts["messages"] += len(messages)
    for payment in await asyncio.to_thread(parts.expense_payments.of_employee, person.customer_id):
        await asyncio.to_thread(parts.expense_payments.pseudonymise, payment, person.traces)
        tally.counts["expense_payments"] += 1
    if await cart_of(client, person) is not None:
        tally.counts["carts"] += await purge_instance(client, f"@{CART_ENTITY}@{person.customer_id}")
    for user in person.users:
        await asyncio.to_thread(parts.users.remove, user.user.user_id)
        tally.counts["users"] += 1
    return tally.done(None)


async def _erase_orders(client: DurableClient, page: DataPage, person: Person) -> DataPageDone:
    tally = Tally()

    async def erase(row: OrderRow) -> None:
        order_id = row.order_id
        why = await why_order_unsettled(client, row)
        if why is not None:
            tally.open.append(Open(kind="order", id=order_id, why=why))
            return
        dead_letters = await _delete_dead_letters(PROCESS_ORDER, order_id)
        await purge_instance(client, order_instance_id(order_id))
        await asyncio.to_thread(forget_beside, row)
        await asyncio.to_thread(services().order_repository.pseudonymise, order_id, person.traces)
        tally.counts.update(dead_letters=dead_letters, orders=1)

    return await through_orders(person.customer_id, page, tally, erase)


async def _delete_dead_letters(workflow: str, key: str) -> int:
    found = await asyncio.to_thread(services().dead_letters.of_run, workflow, key)
    for dead_letter in found:
        await asyncio.to_thread(services().dead_letters.delete_closed, dead_letter)
    return len(found)
