"""Compare the reservations of the inventory with the orders."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from domain.inventory.stock import Stock
from domain.wire import Timestamp, Wire


class DriftKind(StrEnum):
    """The kind of a difference."""

    ORPHANED_RESERVATION = "orphaned_reservation"  # units are reserved for an order that has ended or does not exist
    MISSING_RESERVATION = "missing_reservation"  # an order relies on units that are not reserved for it
    QUANTITY_DIFFERS = "quantity_differs"
    BACKORDERED = "backordered"  # an order has paid for units that are out of stock; the next delivery settles this

    STOCK_MISSING = "stock_missing"  # an order has bought a product of which there is no stock, not even an empty one


class Drift(Wire):
    """A difference between the units reserved for an order's product and those expected."""

    product_id: str
    order_id: str
    kind: DriftKind
    reserved: int
    expected: int


class ReconciliationReport(Wire):
    """The differences, none when inventory and orders agree, and the number of products and orders compared.

    Attributes:
        is_complete: Whether all were compared; false when there was no time for every product, or for every open order.
    """

    as_of: Timestamp
    products: int
    orders: int
    drift: tuple[Drift, ...]
    is_complete: bool = True


class LiveOrder(NamedTuple):
    """An order that has not ended.

    Attributes:
        lines: Units per product; None when they are not known.
        has_reserved: Whether the order's ledger has the reservation.
    """

    lines: Mapping[str, int] | None
    has_reserved: bool


def find_drift(stocks: Mapping[str, Stock], live: Mapping[str, LiveOrder]) -> Iterator[Drift]:
    """Yield the differences between the inventory and the orders.

    Args:
        stocks: Stocks by product id.
        live: Every order that has not ended, by order id.
    """
    for product_id, stock in stocks.items():
        yield from _wrong_reservations(product_id, stock, live)
        yield from _missing_reservations(product_id, stock, live)
        for order_id, backordered in stock.backordered.items():
            yield Drift(
                product_id=product_id, order_id=order_id, kind=DriftKind.BACKORDERED, reserved=0, expected=backordered
            )


def find_missing_stocks(stocks: Mapping[str, Stock], bought: Mapping[str, Mapping[str, int]]) -> Iterator[Drift]:
    """Yield one difference for each product that was bought and has no stock: the inventory was lost or replaced.

    Args:
        stocks: Stocks by product id.
        bought: Units per product, by order id.
    """
    seen = set(stocks)
    for order_id, lines in bought.items():
        for product_id in lines.keys() - seen:
            seen.add(product_id)
            kind = DriftKind.STOCK_MISSING
            yield Drift(product_id=product_id, order_id=order_id, kind=kind, reserved=0, expected=lines[product_id])


def _wrong_reservations(product_id: str, stock: Stock, live: Mapping[str, LiveOrder]) -> Iterator[Drift]:
    for order_id, reservation in stock.reservations.items():
        reserved, order = reservation["quantity"], live.get(order_id)
        if order is None:
            yield Drift(
                product_id=product_id,
                order_id=order_id,
                kind=DriftKind.ORPHANED_RESERVATION,
                reserved=reserved,
                expected=0,
            )
        elif order.lines is not None and (expected := order.lines.get(product_id, 0)) != reserved:
            yield Drift(
                product_id=product_id,
                order_id=order_id,
                kind=DriftKind.QUANTITY_DIFFERS,
                reserved=reserved,
                expected=expected,
            )


def _missing_reservations(product_id: str, stock: Stock, live: Mapping[str, LiveOrder]) -> Iterator[Drift]:
    for order_id, order in live.items():
        expected = (order.lines or {}).get(product_id, 0)
        if expected and order.has_reserved and order_id not in stock.reservations and not _is_settled(stock, order_id):
            kind = DriftKind.MISSING_RESERVATION
            yield Drift(product_id=product_id, order_id=order_id, kind=kind, reserved=0, expected=expected)


def _is_settled(stock: Stock, order_id: str) -> bool:
    """Return whether the order itself ended its reservation: it is being compensated, or its goods are sold."""
    settlement = stock.settled.get(order_id)
    return settlement is not None and settlement["how"] != "expired"
