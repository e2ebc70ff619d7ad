"""Reserve, release and sell the units of orders.

An order that has ended is remembered for a while (`Stock.settled`). Once it is forgotten, its late operations are known by when
it was placed: a `commit` sells nothing again, and a `reserve` is refused until the order's own record shows that it has not
ended. What the record shows is true for the settlements that there were before it was read. So the order is kept in question from
the refusal on until it is settled: however many others end meanwhile, it is known whether the order was one of them. When it is
not, because too many are in question, the order is refused again.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from domain.inventory.requests import CommitRequest, ExpireRequest, ReleaseRequest, Reserved, ReserveRequest
from domain.inventory.stock import (
    ALREADY_SETTLED,
    SETTLEMENT_FORGOTTEN,
    Reservation,
    Settled,
    Stock,
    fill_backorders,
    is_until,
    put_in_question,
    remember,
    sell,
    settle,
    take_from_question,
    trimmed,
)
from domain.workflows.steps import StepResult


def reserve(stock: Stock | None, request: ReserveRequest) -> tuple[Stock | None, Reserved]:
    """Reserve units for an order.

    Refused: unknown_product, out_of_stock, already_settled (a release came first), settlement_forgotten (the order may have
    ended before).
    """
    if stock is None:
        return None, Reserved.refusal("unknown_product", "this product was never stocked")
    if request.order_id in stock.reservations:
        return stock, Reserved()
    if request.order_id in stock.settled:
        return stock, Reserved.refusal(ALREADY_SETTLED, "this order's reservation was released or sold before")
    if _may_have_ended(stock, request):
        message = "this order may have been released or sold before"
        return put_in_question(stock, request.order_id), Reserved.refusal(
            SETTLEMENT_FORGOTTEN, message, settlements=stock.settlements
        )
    if request.quantity > stock.available:
        message = f"{request.quantity} wanted, {stock.available} available"
        peers = {key: stock.received.get(key, 0) for key in stock.peers}
        short = request.quantity - stock.available
        return stock, Reserved.refusal("out_of_stock", message, short=short, peers=peers)
    held = Reservation(quantity=request.quantity, expires_at=request.expires_at.isoformat())
    if request.placed_at is not None:
        held["placed_at"] = request.placed_at.isoformat()
    return replace(
        take_from_question(stock, request.order_id),
        available=stock.available - request.quantity,
        reservations={**stock.reservations, request.order_id: held},
    ), Reserved()


def release(stock: Stock | None, request: ReleaseRequest) -> tuple[Stock, StepResult]:
    """Release an order's units. Without a reservation it leaves a tombstone, so that a late `reserve` is refused."""
    stock = stock or Stock()
    if _ended_by(stock, request.order_id) == "committed":
        return stock, StepResult.refused("already_committed", "the goods are sold")
    placed_at = request.placed_at or _placed_at(stock, request.order_id, request.now)
    return fill_backorders(settle(stock, "released", {request.order_id: placed_at})), StepResult()


def commit(stock: Stock | None, request: CommitRequest) -> tuple[Stock, StepResult]:
    """Sell an order's units.

    Refused as reservation_lost only when the reservation is gone and other orders have the units. They are then
    backordered, which the reconciliation reports until units arrive. Refused as settlement_forgotten when there is no
    reservation and it is not known whether it has expired or was sold: units are never sold twice.
    """
    stock = stock or Stock()
    if request.order_id in stock.reservations:
        return settle(stock, "committed", {request.order_id: request.placed_at}), StepResult()
    ended_by = _ended_by(stock, request.order_id)
    if ended_by == "committed":
        return stock, StepResult()
    if ended_by != "expired" and is_until(request.placed_at, stock.expired_until):
        return stock, StepResult.refused(SETTLEMENT_FORGOTTEN, "the units may have been sold before")
    if ended_by != "expired" and is_until(request.placed_at, stock.forgotten_until):
        return stock, StepResult()  # it was sold: an order that was released is never sold, and expired ones are known
    stock = remember(stock, "committed", {request.order_id: request.placed_at})
    if request.quantity > stock.available:
        backordered = replace(stock, backordered={**stock.backordered, request.order_id: request.quantity})
        return backordered, StepResult.refused(
            "reservation_lost", "the reservation is gone and the stock does not suffice"
        )
    return sell(stock, request.quantity), StepResult()


def expire(stock: Stock | None, request: ExpireRequest) -> tuple[Stock | None, StepResult]:
    """End reservations past their time. The answer's message is the number of expired reservations."""
    if stock is None:
        return None, StepResult(message="0")
    live = frozenset(request.live)
    expired = [order_id for order_id in expired_orders(stock, request.now) if order_id not in live]
    stock = settle(stock, "expired", {order_id: _placed_at(stock, order_id, request.now) for order_id in expired})
    movements = stock.movements.forget(request.now)
    kept = stock if movements is stock.movements else replace(stock, movements=movements)
    return fill_backorders(trimmed(kept)), StepResult(message=str(len(expired)))


def expired_orders(stock: Stock, now: datetime) -> Collection[str]:
    """Return the orders whose reservations are past their time."""
    return [
        order_id
        for order_id, reservation in stock.reservations.items()
        if datetime.fromisoformat(reservation["expires_at"]) <= now
    ]


def _may_have_ended(stock: Stock, request: ReserveRequest) -> bool:
    """Return whether the order may be among the forgotten ones. Requests of earlier releases do not say when it was placed."""
    if request.placed_at is None or not is_until(request.placed_at, stock.forgotten_until):
        return False
    if request.unsettled_at is None:
        return True
    since = stock.in_question.get(request.order_id, stock.forgotten)
    return request.unsettled_at < min(since, stock.forgotten)


def _ended_by(stock: Stock, order_id: str) -> Settled | None:
    settlement = stock.settled.get(order_id)
    return None if settlement is None else settlement["how"]


def _placed_at(stock: Stock, order_id: str, now: datetime) -> datetime:
    """Return when the order of a reservation was placed, or, if that is not known, a later time."""
    reservation = stock.reservations.get(order_id)
    placed_at = None if reservation is None else reservation.get("placed_at")
    return now if placed_at is None else datetime.fromisoformat(placed_at)
