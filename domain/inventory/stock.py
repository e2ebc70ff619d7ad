"""The stock of one product, or of one shard of a product, as a ledger of reservations.

At any time `available + reserved + sold` is what was ever stocked here or received, less what was given to other shards. The
operations are in `reservations`, `movements` and `transfers`. Each is idempotent: repeating it changes nothing, in any order.
Time is an argument. Operations return a new value and change none.

The state stays small: of the orders that have ended, only the last are remembered. `forgotten_until` makes that exact.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, NotRequired, Self, TypedDict, TypeVar

from domain.keyed_changes import ChangeLog
from domain.wire import split_state

V = TypeVar("V")

MAX_SETTLEMENTS: Final = 48
"""How many ended orders are remembered; about 5 KB."""

MAX_IN_QUESTION: Final = 48
"""How many orders at once are remembered while their records are looked up. They are rare: each was overtaken by many others."""

MAX_EXPIRED: Final = 48
"""How many of the orders are remembered whose reservation has expired. They are rare, and may still be sold."""

ALREADY_SETTLED: Final = "already_settled"
"""Reason code of a late `reserve`: the order's reservation was settled before."""

SETTLEMENT_FORGOTTEN: Final = "settlement_forgotten"
"""Reason code of a `reserve` or `commit` of an order that may have been settled before; nothing is remembered of it."""

Settled = Literal["released", "committed", "expired"]


class Reservation(TypedDict):
    """Units reserved for an order."""

    quantity: int
    expires_at: str
    placed_at: NotRequired[str]


class Settlement(TypedDict):
    """How a reservation ended. at: when its order was placed; in states of earlier releases, when the reservation ended."""

    how: Settled
    at: str


class Transfer(TypedDict):
    """The last transfer to another shard: its number among those to that shard, and its units until they are known to be there."""

    number: int
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Stock:
    """The stock of one product, or of one of its shards.

    Attributes:
        available: Units that can be reserved.
        sold: Units that were sold.
        reservations: Reserved units, by order id.
        settled: How the last reservations ended, by order id, the newest last.
        forgotten: How many settlements were forgotten, expired reservations apart.
        forgotten_until: The newest time in a forgotten settlement; None while none is forgotten. An order placed until then
            may have been settled, although nothing is remembered of it.
        expired_until: The same of forgotten settlements that were, or may have been, expired reservations.
        in_question: Orders that were refused because they may have been settled, and have not been since, by order id: how many
            settlements there were at that refusal.
        movements: Restocks and corrections, so that a repeat adds nothing.
        backordered: Units that orders have paid for and that are out of stock, by order id; new units are sold to them first.
        sent: The last transfer to each other shard of the product, by its entity key.
        received: The number of the last transfer from each other shard.
        unknown: Fields that a newer version of the app stored here, kept as they are.
    """

    available: int = 0
    sold: int = 0
    reservations: Mapping[str, Reservation] = field(default_factory=dict)
    settled: Mapping[str, Settlement] = field(default_factory=dict)
    forgotten: int = 0
    forgotten_until: str | None = None
    expired_until: str | None = None
    in_question: Mapping[str, int] = field(default_factory=dict)
    movements: ChangeLog = field(default_factory=ChangeLog)
    backordered: Mapping[str, int] = field(default_factory=dict)
    sent: Mapping[str, Transfer] = field(default_factory=dict)
    received: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reserved(self) -> int:
        """The number of reserved units."""
        return sum(reservation["quantity"] for reservation in self.reservations.values())

    @property
    def peers(self) -> tuple[str, ...]:
        """The entity keys of the shards that this one has exchanged units with."""
        return tuple(dict.fromkeys((*self.sent, *self.received)))

    @property
    def settlements(self) -> int:
        """How many settlements there were, remembered or not, expired reservations apart."""
        return self.forgotten + sum(settlement["how"] != "expired" for settlement in self.settled.values())

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values for the entity's storage."""
        marks = {
            "forgotten": self.forgotten,
            "forgotten_until": self.forgotten_until,
            "expired_until": self.expired_until,
        }
        by_key = {name: dict(getattr(self, name)) for name in ("in_question", "backordered", "sent", "received")}
        # Fields that an older release could not read are rare, and stored only when they say something.
        later = {**by_key, **marks, "marked": self.forgotten_until, "movements_until": self.movements.forgotten_until}
        if self.in_question:
            later["in_question_at"] = self.settlements
        return {
            "available": self.available,
            "sold": self.sold,
            "reservations": dict(self.reservations),
            "settled": dict(self.settled),
            "movements": self.movements.to_state(),
            **{name: value for name, value in later.items() if value},
            **self.unknown,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any] | None) -> Self | None:
        """Return the stock as stored; None when this product was never stocked."""
        if state is None:
            return None
        known, unknown = split_state(state, cls)
        marked = unknown.pop("marked", None)
        if known.get("forgotten_until") != marked:
            # An earlier release has forgotten settlements, among them expired ones.
            known["expired_until"] = known.get("forgotten_until")
            known.pop("in_question", None)
        in_question_at = unknown.pop("in_question_at", None)
        movements = ChangeLog(known["movements"], unknown.pop("movements_until", None))
        stock = cls(**{**known, "movements": movements}, unknown=unknown)
        # An earlier release settles orders and leaves them in question: those that are left are asked again.
        return stock if stock.settlements == in_question_at else replace(stock, in_question={})


def settle(stock: Stock, how: Settled, ended: Mapping[str, datetime]) -> Stock:
    """End the reservations of orders, where they have any, and remember how. ended: when each order was placed, by its id."""
    if not ended:
        return stock
    units = sum(held["quantity"] for order_id, held in stock.reservations.items() if order_id in ended)
    sold = how == "committed"
    moved = replace(
        stock,
        available=stock.available + (0 if sold else units),
        sold=stock.sold + (units if sold else 0),
        reservations=_without(stock.reservations, ended),
    )
    return remember(moved, how, {order_id: at for order_id, at in ended.items() if order_id not in stock.settled})


def remember(stock: Stock, how: Settled, ended: Mapping[str, datetime]) -> Stock:
    """Remember how orders ended, and forget the oldest beyond the most that are remembered."""
    settled = _without(stock.settled, ended)
    settled |= {order_id: Settlement(how=how, at=placed_at.isoformat()) for order_id, placed_at in ended.items()}
    further = replace(stock, settled=settled, in_question=_without(stock.in_question, ended))
    # The count of settlements never falls behind: one that is not counted as remembered counts as forgotten.
    uncounted = len(ended) - (further.settlements - stock.settlements)
    return trimmed(replace(further, forgotten=stock.forgotten + uncounted))


def put_in_question(stock: Stock, order_id: str) -> Stock:
    """Remember that an order is asked for a proof that it has not ended: until it is reserved or settled, or too many are."""
    if order_id in stock.in_question:
        return stock
    asked = [*stock.in_question.items(), (order_id, stock.settlements)]
    return replace(stock, in_question=dict(asked[-MAX_IN_QUESTION:]))


def take_from_question(stock: Stock, order_id: str) -> Stock:
    """Forget that an order was asked for a proof."""
    return replace(stock, in_question=_without(stock.in_question, {order_id}))


def trimmed(stock: Stock) -> Stock:
    """Forget the oldest settlements beyond the most that are remembered."""
    expired = [order_id for order_id, settlement in stock.settled.items() if settlement["how"] == "expired"]
    others = [order_id for order_id, settlement in stock.settled.items() if settlement["how"] != "expired"]
    expiries = expired[: max(len(expired) - MAX_EXPIRED, 0)]
    old = {*expiries, *others[: max(len(others) - MAX_SETTLEMENTS, 0)]}
    if not old:
        return stock
    return replace(
        stock,
        settled={order_id: settlement for order_id, settlement in stock.settled.items() if order_id not in old},
        forgotten=stock.forgotten + len(old) - len(expiries),
        forgotten_until=_newest(stock.forgotten_until, *(stock.settled[order_id]["at"] for order_id in old)),
        expired_until=_newest(stock.expired_until, *(stock.settled[order_id]["at"] for order_id in expiries)),
    )


def is_until(placed_at: datetime, mark: str | None) -> bool:
    """Return whether an order was placed until a mark; there is none as long as nothing is forgotten."""
    return mark is not None and placed_at <= datetime.fromisoformat(mark)


def sell(stock: Stock, quantity: int) -> Stock:
    """Sell available units."""
    return replace(stock, available=stock.available - quantity, sold=stock.sold + quantity)


def fill_backorders(stock: Stock) -> Stock:
    """Sell available units to backorders, the oldest first: all units of an order or none."""
    units, filled = 0, set[str]()
    for order_id, quantity in stock.backordered.items():
        if units + quantity <= stock.available:
            units += quantity
            filled.add(order_id)
    return replace(sell(stock, units), backordered=_without(stock.backordered, filled)) if filled else stock


def _without(entries: Mapping[str, V], order_ids: Container[str]) -> dict[str, V]:
    return {order_id: entry for order_id, entry in entries.items() if order_id not in order_ids}


def _newest(*times: str | None) -> str | None:
    known = [time for time in times if time is not None]
    return max(known, key=datetime.fromisoformat) if known else None
