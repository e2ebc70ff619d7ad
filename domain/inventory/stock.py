"""The stock of one product, as a ledger of reservations.

At any time `available + reserved + sold` is what was ever stocked. Every operation is idempotent: repeating it changes
nothing, in any order. New units go to paid orders first. Time is an argument. Operations return a new value and change none.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypedDict

from domain.inventory.requests import (
    AdjustRequest,
    CommitRequest,
    ExpireRequest,
    ReleaseRequest,
    ReserveRequest,
    RestockRequest,
)
from domain.keyed_changes import ChangeLog, KeyedChange
from domain.wire import split_state
from domain.workflows.steps import StepResult

# A message repeated by the platform arrives within minutes; a day is far beyond that, and keeps the state small.
SETTLEMENT_RETENTION: Final = timedelta(days=1)
MAX_SETTLEMENTS: Final = 2_000
MAX_STOCK: Final = 1_000_000_000

ALREADY_SETTLED: Final = "already_settled"
"""Reason code of a late `reserve`: the order's reservation was settled before."""

Settled = Literal["released", "committed", "expired"]


class Reservation(TypedDict):
    """Units reserved for an order."""

    quantity: int
    expires_at: str


class Settlement(TypedDict):
    """How and when a reservation ended."""

    how: Settled
    at: str


@dataclass(frozen=True, kw_only=True)
class Stock:
    """The stock of one product.

    Attributes:
        available: Units that can be reserved.
        sold: Units that were sold.
        reservations: Reserved units, by order id.
        settled: How reservations ended, by order id, the newest last, for as long as they are remembered.
        forgotten_until: When the newest forgotten settlement was made; None while none is forgotten. An order placed before
            it may have been settled, although nothing is remembered of it.
        movements: Restocks and corrections, so that a repeat adds nothing.
        backordered: Units that orders have paid for and that are out of stock, by order id; new units are sold to them first.
        unknown: Fields that a newer version of the app stored here, kept as they are.
    """

    available: int = 0
    sold: int = 0
    reservations: Mapping[str, Reservation] = field(default_factory=dict)
    settled: Mapping[str, Settlement] = field(default_factory=dict)
    forgotten_until: str | None = None
    movements: ChangeLog = field(default_factory=ChangeLog)
    backordered: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reserved(self) -> int:
        """The number of reserved units."""
        return sum(reservation["quantity"] for reservation in self.reservations.values())

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values for the entity's storage."""
        return {
            "available": self.available,
            "sold": self.sold,
            "reservations": dict(self.reservations),
            "settled": dict(self.settled),
            "movements": self.movements.to_state(),
            **({"forgotten_until": self.forgotten_until} if self.forgotten_until else {}),
            # Rare; an older release could not read it.
            **({"backordered": dict(self.backordered)} if self.backordered else {}),
            **self.unknown,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any] | None) -> "Stock | None":
        """Return the stock as stored; None when this product was never stocked."""
        if state is None:
            return None
        known, unknown = split_state(state, cls)
        return cls(**{**known, "movements": ChangeLog(known["movements"])}, unknown=unknown)


def reserve(stock: Stock | None, request: ReserveRequest) -> tuple[Stock | None, StepResult]:
    """Reserve units for an order. Refused: unknown_product, out_of_stock, already_settled (a release came first)."""
    if stock is None:
        return None, StepResult.refused("unknown_product", "this product was never stocked")
    if request.order_id in stock.reservations:
        return stock, StepResult()
    if request.order_id in stock.settled:
        return stock, StepResult.refused(ALREADY_SETTLED, "this order's reservation was released or sold before")
    if request.quantity > stock.available:
        return stock, StepResult.refused("out_of_stock", f"{request.quantity} wanted, {stock.available} available")
    held = Reservation(quantity=request.quantity, expires_at=request.expires_at.isoformat())
    return replace(
        stock,
        available=stock.available - request.quantity,
        reservations={**stock.reservations, request.order_id: held},
    ), StepResult()


def release(stock: Stock | None, request: ReleaseRequest) -> tuple[Stock, StepResult]:
    """Release an order's units. Without a reservation it leaves a tombstone, so that a late `reserve` is refused."""
    stock = stock or Stock()
    if _is_committed(stock, request.order_id):
        return stock, StepResult.refused("already_committed", "the goods are sold")
    return _fill_backorders(_settle(stock, request.order_id, "released", request.now)), StepResult()


def commit(stock: Stock | None, request: CommitRequest) -> tuple[Stock, StepResult]:
    """Sell an order's units.

    Refused as reservation_lost only when the reservation is gone and other orders have the units. They are then
    backordered, which the reconciliation reports until units arrive. Refused as settlement_forgotten when there is no
    reservation and the order may have been sold before: units are never sold twice.
    """
    stock = stock or Stock()
    if request.order_id in stock.reservations:
        return _settle(stock, request.order_id, "committed", request.now), StepResult()
    if _is_committed(stock, request.order_id):
        return stock, StepResult()
    if _may_be_forgotten(stock, request.placed_at):
        return stock, StepResult.refused("settlement_forgotten", "the units may have been sold before")
    stock = _remember(stock, request.order_id, "committed", request.now)
    if request.quantity > stock.available:
        backordered = replace(stock, backordered={**stock.backordered, request.order_id: request.quantity})
        return backordered, StepResult.refused(
            "reservation_lost", "the reservation is gone and the stock does not suffice"
        )
    return _sell(stock, request.quantity), StepResult()


def restock(stock: Stock | None, request: RestockRequest) -> tuple[Stock, StepResult]:
    """Add delivered units. Refused as too_much above the most units that a product can have."""
    return _once(stock or Stock(), request, request.quantity)


def adjust(stock: Stock | None, request: AdjustRequest) -> tuple[Stock | None, StepResult]:
    """Correct the count. Refused as below_zero when more units are missing than are available: reservations stay."""
    if stock is None:
        return None, StepResult.refused("unknown_product", "this product was never stocked")
    return _once(stock, request, request.delta)


def expire(stock: Stock | None, request: ExpireRequest) -> tuple[Stock | None, StepResult]:
    """End reservations past their time and forget old settlements. The answer's message is the number of expired reservations."""
    if stock is None:
        return None, StepResult(message="0")
    expired = [order_id for order_id in _past_their_time(stock, request.now) if order_id not in request.live]
    for order_id in expired:
        stock = _settle(stock, order_id, "expired", request.now)
    return _fill_backorders(_forget_old(stock, request.now)), StepResult(message=str(len(expired)))


def _is_committed(stock: Stock, order_id: str) -> bool:
    settlement = stock.settled.get(order_id)
    return settlement is not None and settlement["how"] == "committed"


def _may_be_forgotten(stock: Stock, placed_at: datetime) -> bool:
    return stock.forgotten_until is not None and placed_at <= datetime.fromisoformat(stock.forgotten_until)


def _settle(stock: Stock, order_id: str, how: Settled, now: datetime) -> Stock:
    rest = dict(stock.reservations)
    quantity = rest.pop(order_id, {"quantity": 0})["quantity"]
    sold = how == "committed"
    moved = replace(
        stock,
        available=stock.available + (0 if sold else quantity),
        sold=stock.sold + (quantity if sold else 0),
        reservations=rest,
    )
    return moved if order_id in stock.settled else _remember(moved, order_id, how, now)


def _remember(stock: Stock, order_id: str, how: Settled, now: datetime) -> Stock:
    settled = {**stock.settled, order_id: Settlement(how=how, at=now.isoformat())}
    oldest = list(settled)[: max(len(settled) - MAX_SETTLEMENTS, 0)]
    return _forget(replace(stock, settled=settled), oldest)


def _forget(stock: Stock, order_ids: Collection[str]) -> Stock:
    """Forget settlements, but not until when."""
    if not order_ids:
        return stock
    kept = {order_id: settlement for order_id, settlement in stock.settled.items() if order_id not in order_ids}
    times = [datetime.fromisoformat(stock.settled[order_id]["at"]) for order_id in order_ids]
    if stock.forgotten_until is not None:
        times.append(datetime.fromisoformat(stock.forgotten_until))
    return replace(stock, settled=kept, forgotten_until=max(times).isoformat())


def _once(stock: Stock, request: KeyedChange, delta: int) -> tuple[Stock, StepResult]:
    """Move units unless a movement under this key was made before, and remember how it ended."""
    result = stock.movements.answered(request)
    if result is None:
        stock, result = _moved(stock, delta)
    movements = stock.movements.record(request, result)
    return (stock if movements is stock.movements else replace(stock, movements=movements)), result


def _moved(stock: Stock, delta: int) -> tuple[Stock, StepResult]:
    available = stock.available + delta
    if available < 0:
        return stock, StepResult.refused("below_zero", f"{-delta} fewer, but only {stock.available} available")
    if available > MAX_STOCK:
        return stock, StepResult.refused("too_much", f"a product can have {MAX_STOCK} units at most")
    return _fill_backorders(replace(stock, available=available)), StepResult()


def _sell(stock: Stock, quantity: int) -> Stock:
    return replace(stock, available=stock.available - quantity, sold=stock.sold + quantity)


def _fill_backorders(stock: Stock) -> Stock:
    """Sell available units to backorders, the oldest first: all units of an order or none."""
    for order_id, quantity in stock.backordered.items():
        if quantity <= stock.available:
            rest = {other: units for other, units in stock.backordered.items() if other != order_id}
            stock = replace(_sell(stock, quantity), backordered=rest)
    return stock


def _past_their_time(stock: Stock, now: datetime) -> Collection[str]:
    return [
        order_id
        for order_id, reservation in stock.reservations.items()
        if datetime.fromisoformat(reservation["expires_at"]) <= now
    ]


def _forget_old(stock: Stock, now: datetime) -> Stock:
    old = [
        order_id
        for order_id, settlement in stock.settled.items()
        if datetime.fromisoformat(settlement["at"]) + SETTLEMENT_RETENTION <= now
    ]
    movements = stock.movements.forget(now)
    stock = _forget(stock, old)
    return stock if movements is stock.movements else replace(stock, movements=movements)
