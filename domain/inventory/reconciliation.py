"""Compare what the inventory holds with what the orders say of themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.inventory.stock import Stock
from domain.wire import Timestamp, Wire


class DriftKind(StrEnum):
    """How the two books disagree."""

    HELD_FOR_NOBODY = "held_for_nobody"  # units are reserved for an order that has ended, or never was
    NOT_HELD = "not_held"  # an order counts on units that are not reserved for it
    OTHER_QUANTITY = "other_quantity"
    OWED = (
        "backordered"  # an order has paid for units that the shelf did not have; the next ones to come take this away
    )


class Drift(Wire):
    """One disagreement about one order and one product. held, wanted: units."""

    product_id: str
    order_id: str
    kind: DriftKind
    held: int
    wanted: int


class ReconciliationReport(Wire):
    """products, orders: how many were looked at. drift: empty when the books agree."""

    as_of: Timestamp
    products: int
    orders: int
    drift: tuple[Drift, ...]


@dataclass(frozen=True, kw_only=True)
class LiveOrder:
    """An order on its way. lines: units by product; None when they are not known. has_reserved: it says that it holds its goods."""

    lines: Mapping[str, int] | None
    has_reserved: bool


def find_drift(stocks: Mapping[str, Stock], live: Mapping[str, LiveOrder]) -> Iterator[Drift]:
    """Where the books disagree. stocks: by product id. live: by order id, every order that has not ended."""
    for product_id, stock in stocks.items():
        yield from _held_wrongly(product_id, stock, live)
        yield from _not_held(product_id, stock, live)
        for order_id, backordered in stock.backordered.items():
            yield Drift(product_id=product_id, order_id=order_id, kind=DriftKind.OWED, held=0, wanted=backordered)


def _held_wrongly(product_id: str, stock: Stock, live: Mapping[str, LiveOrder]) -> Iterator[Drift]:
    for order_id, reservation in stock.reservations.items():
        held, order = reservation["quantity"], live.get(order_id)
        if order is None:
            yield Drift(product_id=product_id, order_id=order_id, kind=DriftKind.HELD_FOR_NOBODY, held=held, wanted=0)
        elif order.lines is not None and (wanted := order.lines.get(product_id, 0)) != held:
            yield Drift(
                product_id=product_id, order_id=order_id, kind=DriftKind.OTHER_QUANTITY, held=held, wanted=wanted
            )


def _not_held(product_id: str, stock: Stock, live: Mapping[str, LiveOrder]) -> Iterator[Drift]:
    for order_id, order in live.items():
        wanted = (order.lines or {}).get(product_id, 0)
        if wanted and order.has_reserved and order_id not in stock.reservations and not _let_go(stock, order_id):
            yield Drift(product_id=product_id, order_id=order_id, kind=DriftKind.NOT_HELD, held=0, wanted=wanted)


def _let_go(stock: Stock, order_id: str) -> bool:
    """Whether the order itself gave up its units, because it is being compensated or its goods are sold."""
    settlement = stock.settled.get(order_id)
    return settlement is not None and settlement["how"] != "expired"
