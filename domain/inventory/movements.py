"""Add delivered units, and correct the count: each once per key."""

from dataclasses import replace
from typing import Final

from domain.inventory.requests import AdjustRequest, RestockRequest
from domain.inventory.stock import Stock, fill_backorders
from domain.keyed_changes import KeyedChange
from domain.workflows.steps import StepResult

MAX_STOCK: Final = 1_000_000_000


def restock(stock: Stock | None, request: RestockRequest) -> tuple[Stock, StepResult]:
    """Add delivered units. Refused as too_much above the most units that a product can have."""
    return _once(stock or Stock(), request, request.quantity)


def adjust(stock: Stock | None, request: AdjustRequest) -> tuple[Stock | None, StepResult]:
    """Correct the count. Refused as below_zero when more units are missing than are available: reservations stay."""
    if stock is None:
        return None, StepResult.refused("unknown_product", "this product was never stocked")
    return _once(stock, request, request.delta)


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
    return fill_backorders(replace(stock, available=available)), StepResult()
