"""What moved the stock of a product lately: deliveries and corrections, and orders."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from domain.inventory.stock import Stock
from services.concurrency import gather_bounded
from services.container import services

_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


class Movement(NamedTuple):
    """A movement of a product's units, or one that was refused.

    Attributes:
        at: When it was asked for; of an order, when that was placed, and None where it is not known.
        what: Delivery, correction, movement where it is not known which; of an order reserved, committed, released or expired.
        units: How many more there are available by it, or fewer; None where it is not known.
        reason: Of a correction.
        order_id: Of an order's.
        refused: Why it changed nothing: reason code and message.
    """

    at: datetime | None
    what: str
    units: int | None
    reason: str | None = None
    order_id: str | None = None
    refused: tuple[str, str] | None = None


async def recent_movements(product_id: str, stock: Stock, most: int) -> Sequence[Movement]:
    """Return the latest movements that the stock remembers, newest first.

    Raises:
        StorageUnavailable: The same request may be sent again.
    """
    known = sorted((*_changes(stock), *_of_orders(stock)), key=lambda movement: movement.at or _BEGINNING, reverse=True)
    latest = known[:most]
    # The stock has forgotten the units of an order that has ended; the order itself has not.
    sold = [each.order_id for each in latest if each.what == "committed" and each.order_id is not None]

    async def ordered(order_id: str) -> int | None:
        return await asyncio.to_thread(_ordered, order_id, product_id)

    units = dict(zip(sold, await gather_bounded(ordered, sold), strict=True))
    return [each._replace(units=units[each.order_id]) if each.order_id in units else each for each in latest]


def _changes(stock: Stock) -> Iterator[Movement]:
    for entry in stock.movements.entries.values():
        note, refused = entry.get("note", {}), entry.get("refused")
        units, reason = note.get("units"), note.get("reason")
        yield Movement(
            at=datetime.fromisoformat(entry["at"]),
            what="movement" if units is None else "delivery" if reason is None else "correction",
            units=None if units is None else int(units),
            reason=None if reason is None else str(reason),
            refused=None if refused is None else (refused[0], refused[1]),
        )


def _of_orders(stock: Stock) -> Iterator[Movement]:
    for order_id, held in stock.reservations.items():
        placed_at = held.get("placed_at")
        at = None if placed_at is None else datetime.fromisoformat(placed_at)
        yield Movement(at=at, what="reserved", units=-held["quantity"], order_id=order_id)
    for order_id, settlement in stock.settled.items():
        at, how = datetime.fromisoformat(settlement["at"]), settlement["how"]
        yield Movement(at=at, what=how, units=None if how == "committed" else 0, order_id=order_id)


def _ordered(order_id: str, product_id: str) -> int | None:
    """Return how many units of a product fewer there are available by an order; None where the order is not known."""
    row = services().order_repository.get(order_id)
    if row is None or row.order is None:
        return None
    return -sum(line.quantity for line in row.order.lines if line.product_id == product_id)
