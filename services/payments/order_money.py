"""What is known of an order, as far as its payment is concerned: from its row, and from its instance while that matters."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

from pydantic import TypeAdapter, ValidationError

from domain.ids import OrderId
from domain.orders.order import ENDED, OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from domain.orders.steps import AUTHORISE_PAYMENT
from domain.payments.reconciliation import OrderMoney
from domain.workflows.steps import LedgerEntry, Outcome
from services.container import services
from services.durable.client import DurableClient
from services.orders.status import OrderView, find_order


async def order_money(client: DurableClient, order_id: str) -> OrderMoney:
    """Return what is known of an order. Of one whose end is recorded, its instance is not asked."""
    if not _is_order_id(order_id):
        return OrderMoney(order_id=order_id)
    row = await asyncio.to_thread(services().order_repository.get, order_id)
    if row is not None and row.status in ENDED:
        return _of_row(row)
    view = await find_order(client, order_id)
    if not view.is_known:
        return OrderMoney(order_id=order_id)
    if view.row is not None and view.row.status in ENDED:
        return _of_row(view.row)
    progress = view.progress
    return OrderMoney(
        order_id=order_id,
        status=progress.status,
        is_live=view.is_running,
        is_paid=not view.is_running and _is_paid(progress, view.row),
        total_cents=None if view.row is None else view.row.total_cents,
        currency=None if view.row is None else view.row.currency,
        payment_id=_payment_id(progress.steps),
        changed_at=max(_changes(view)),
    )


def _changes(view: OrderView) -> Iterator[datetime]:
    if view.row is not None:
        yield view.row.updated_at
    if view.instance is not None:
        yield view.instance.last_updated_time.astimezone(UTC)


def _of_row(row: OrderRow) -> OrderMoney:
    is_paid = row.status is OrderStatus.COMPLETED or (row.course is not None and row.course.completes)
    return OrderMoney(
        order_id=row.order_id,
        status=row.status,
        is_paid=is_paid,
        total_cents=row.total_cents,
        currency=row.currency,
        payment_id=None if row.result is None else _payment_id(row.result.steps),
        changed_at=row.updated_at,
    )


def _is_paid(progress: OrderProgress, row: OrderRow | None) -> bool:
    completes = row is not None and row.course is not None and row.course.completes
    return progress.status is OrderStatus.COMPLETED or completes


def _payment_id(ledger: tuple[LedgerEntry, ...]) -> str | None:
    """Return the provider's id of the payment that the order was paid by last."""
    made = (each for each in reversed(ledger) if each.step == AUTHORISE_PAYMENT and each.outcome is Outcome.DONE)
    return next((each.reference for each in made if each.reference is not None), None)


def _is_order_id(text: str) -> bool:
    """Return whether an order can have this id: a mark that was made by hand may hold anything."""
    try:
        _order_id().validate_python(text)
    except ValidationError:
        return False
    return True


@cache
def _order_id() -> TypeAdapter[str]:
    return TypeAdapter(OrderId)
