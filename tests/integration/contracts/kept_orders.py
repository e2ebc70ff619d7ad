"""Orders in a repository, as tests put them in and read them."""

from typing import Any

from adapters.stores.order_repository import OrderRepository
from domain.orders.listing import EVERY_ORDER, ListedOrder, OrderFilter
from domain.orders.order import OrderProgress, OrderStatus
from domain.orders.steps import AUTHORISE_PAYMENT, BUY_LABEL
from domain.workflows.steps import LedgerEntry, Outcome
from tests.integration.adapters.orders import progress
from tests.support.orders import NOON


def steps(payment_id: str | None, code: str | None) -> tuple[LedgerEntry, ...]:
    done = ((AUTHORISE_PAYMENT, payment_id), (BUY_LABEL, code))
    return tuple(
        LedgerEntry(step=step, outcome=Outcome.DONE, at=NOON, reference=reference)
        for step, reference in done
        if reference
    )


def paid(order_id: str, status: OrderStatus, payment_id: str | None = None, code: str | None = None) -> OrderProgress:
    return progress(status, order_id, steps=steps(payment_id, code))


def every_order(
    repository: OrderRepository,
    wanted: OrderFilter = EVERY_ORDER,
    limit: int = 50,
) -> list[ListedOrder]:
    orders: list[ListedOrder] = []
    cursor = None
    while True:
        page = repository.list(wanted, cursor=cursor, limit=limit)
        assert len(page.items) <= limit
        orders += page.items
        cursor = page.cursor
        if cursor is None:
            return orders


def every_id(repository: OrderRepository, limit: int = 50, **wanted: Any) -> list[str]:
    return [listed.order_id for listed in every_order(repository, OrderFilter(**wanted), limit)]
