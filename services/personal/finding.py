"""Find what is kept of one customer: orders by the index, runs by the inputs of their instances, a cart by its key."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from domain.carts.cart import CART_ENTITY, CHECKOUT_CART
from domain.files.batch import FILE_BATCH
from domain.ids import EXPENSE_APPROVAL
from domain.onboarding.user import USER_ONBOARDING, PersistUser
from domain.orders.batch import ORDER_BATCH
from domain.orders.listing import OrderFilter
from domain.orders.row import OrderRow
from domain.page import Page
from domain.personal.run import CUSTOMER_DATA, CustomerDataRequest, DataAction, DataPlace
from domain.personal.traces import Traces, words_of
from domain.reports.report import REPORT
from domain.shipping.tracking import SHIPMENT_TRACKING
from services.concurrency import gather_bounded
from services.container import Services, services
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
_MAX_PAGE_ORDERS: Final = 200
_KEPT_TIMEOUT_S: Final = 1_800
_MARK: Final = "!"
"""Of cursors: it comes before every id, so an instance of an earlier release, which takes a cursor for an id, begins anew too."""

_PARTS: Final = (ORDER_BATCH, FILE_BATCH, f"{ORDER_BATCH}_chunk", f"{FILE_BATCH}_chunk")


@dataclass(frozen=True, kw_only=True)
class Person:
    """By what a customer is found. order_ids: of all their orders."""

    customer_id: str
    traces: Traces
    order_ids: frozenset[str]
    users: tuple[PersistUser, ...]


class _OfOrders(NamedTuple):
    """What the orders of a customer show of them, and the newest of them."""

    ids: frozenset[str]
    emails: frozenset[str]
    words: frozenset[str]
    newest: str | None

    def beside(self, earlier: "_OfOrders") -> "_OfOrders":
        """Return what these orders show, and those that were read before."""
        return _OfOrders(
            self.ids | earlier.ids, self.emails | earlier.emails, self.words | earlier.words, newest=self.newest
        )


class _LastRead:
    """The orders of the customer who was looked at last. Each page needs them, and there may be a hundred thousand."""

    def __init__(self) -> None:
        self._known: tuple[Services, str, float, _OfOrders] | None = None

    async def orders_of(self, customer_id: str, *, as_they_were: bool) -> _OfOrders:
        """Return what the orders show. as_they_were: whether orders that left the index since are to be among them."""
        kept, newest = self._kept_of(customer_id), await _newest_of(customer_id)
        if kept is not None and newest == kept.newest:
            return kept
        if kept is not None and as_they_were and (newest is None or newest in kept.ids):
            return kept
        read = await _read_orders_of(customer_id, newest)
        if kept is not None and as_they_were:  # an order has come since, maybe with another address
            read = read.beside(kept)
        self._known = services(), customer_id, time.monotonic() + _KEPT_TIMEOUT_S, read
        return read

    def _kept_of(self, customer_id: str) -> _OfOrders | None:
        known = self._known
        is_kept = known is not None and known[:2] == (services(), customer_id) and time.monotonic() < known[2]
        return known[3] if known is not None and is_kept else None

    def forget(self) -> None:
        """Forget whose orders were read last."""
        self._known = None


LAST_READ: Final = _LastRead()


async def person_of(request: CustomerDataRequest, place: DataPlace) -> Person | None:
    """Return by what the customer of a run is found at a place; None when the erasure is done, so that no record leads there."""
    if request.action is DataAction.EXPORT:
        return await _found(str(request.customer_id), request.emails, "erased", place)
    erasure = await asyncio.to_thread(services().erasures.find, str(request.subject))
    if erasure is None or erasure.customer_id is None:
        LAST_READ.forget()
        return None
    return await _found(erasure.customer_id, erasure.emails or (), erasure.pseudonym, place)


async def _found(customer_id: str, emails: tuple[str, ...], pseudonym: str, place: DataPlace) -> Person:
    # An erasure takes the orders out of the index one after the other, and the words of all are looked for in each.
    orders = await LAST_READ.orders_of(customer_id, as_they_were=place is DataPlace.ORDERS)
    known = {*emails, *orders.emails}
    users = tuple(await asyncio.to_thread(services().users.of_person, customer_id, known))
    words = {*known, *orders.words, *(each.user.name for each in users), *(each.user.email for each in users)}
    traces = Traces(customer_id, words, pseudonym)
    return Person(customer_id=customer_id, traces=traces, order_ids=orders.ids, users=users)


async def _read_orders_of(customer_id: str, newest: str | None) -> _OfOrders:
    ids, emails, words, cursor = set[str](), set[str](), set[str](), None
    while True:
        page = await page_of_orders(customer_id, cursor, _MAX_PAGE_ORDERS)
        ids.update(row.order_id for row in page.items)
        orders = [row.order for row in page.items if row.order is not None]
        emails.update(order.email for order in orders)
        words.update(word for order in orders for word in words_of(order))
        cursor = page.cursor
        if cursor is None:
            return _OfOrders(frozenset(ids), frozenset(emails), frozenset(words), newest)


async def _newest_of(customer_id: str) -> str | None:
    page = await asyncio.to_thread(services().order_repository.list, OrderFilter(customer_id=customer_id), limit=1)
    return page.items[0].order_id if page.items else None


async def page_of_orders(customer_id: str, cursor: str | None, limit: int) -> Page[OrderRow]:
    """Return a page of a customer's orders, by their ids. It may be empty and have a next one.

    A cursor of a run that began under an earlier release is an id: with it, the orders are begun anew.
    """
    orders, wanted = services().order_repository, OrderFilter(customer_id=customer_id)
    at = cursor.removeprefix(_MARK) if cursor is not None and cursor.startswith(_MARK) else None
    page = await asyncio.to_thread(orders.list, wanted, cursor=at, limit=limit)

    async def read(order_id: str) -> OrderRow | None:
        return await asyncio.to_thread(orders.get, order_id)

    rows = await gather_bounded(read, sorted(each.order_id for each in page.items))
    return Page([row for row in rows if row is not None], page.cursor and f"{_MARK}{page.cursor}")


async def cart_of(client: DurableClient, person: Person) -> Any:
    """Return the state of the customer's cart; None without one."""
    return await read_entity(client, CART_ENTITY, person.customer_id)


def is_run_of(person: Person, instance: InstanceStatus) -> bool:
    """Return whether an instance is a run whose input, output or status names the customer, or that follows an order of theirs."""
    workflow, _, key = instance.instance_id.partition(".")
    if workflow not in _WORKFLOWS:
        return False
    if workflow == SHIPMENT_TRACKING and key in person.order_ids:
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
