"""Price a request from the catalogue, or say which of its fields cannot be priced."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.catalogue import PricedLine, Product, price_lines, total_cents
from domain.errors import AmountDiffers, AmountTooLarge, MixedCurrencies, UnknownProduct
from domain.order import Order, OrderPolicy, OrderRequest
from http_api.problems import Problem, invalid_field
from settings import Settings


def priced_order(
    request: OrderRequest, order_id: str, products: Mapping[str, Product], settings: Settings, now: datetime
) -> Order:
    """The order at today's prices and under today's policy. Raises Problem (422) naming the field."""
    currency = request.payment.currency or settings.currency
    try:
        lines = price_lines(request.wanted_lines(), products, currency)
        _check_amount(request, lines)
    except (UnknownProduct, MixedCurrencies, AmountTooLarge, AmountDiffers) as refusal:
        raise _refused(request, refusal) from None
    return Order(
        order_id=order_id,
        customer_id=request.customer_id,
        lines=lines,
        currency=currency,
        payment_method=request.payment.payment_method,
        ship_to=request.ship_to,
        email=request.email,
        placed_at=now,
        policy=_policy(settings),
    )


def _check_amount(request: OrderRequest, lines: Sequence[PricedLine]) -> None:
    stated, total = request.payment.amount_cents, total_cents(lines)
    if stated is not None and stated != total:
        raise AmountDiffers(stated, total)


def _refused(request: OrderRequest, refusal: Exception) -> Problem:
    match refusal:
        case UnknownProduct(line=line):
            return invalid_field(
                _product_field(request, line), "unknown_product", "The catalogue does not sell this product"
            )
        case MixedCurrencies(line=line) if request.payment.currency is None:
            message = "Priced in another currency than the shop's: name it in payment.currency"
            return invalid_field(_product_field(request, line), "mixed_currencies", message)
        case MixedCurrencies(line=line):
            message = f"{_product_field(request, line)} is priced in another currency"
            return invalid_field("payment.currency", "mixed_currencies", message)
        case AmountDiffers(total_cents=total):
            message = f"The catalogue's prices add up to {total}"
            return invalid_field("payment.amount_cents", "amount_differs", message)
        case _:
            field = "quantity" if request.lines is None else "lines"
            return invalid_field(field, "amount_too_large", str(refusal))


def _product_field(request: OrderRequest, line: int) -> str:
    return "product_id" if request.lines is None else f"lines[{line}].product_id"


def _policy(settings: Settings) -> OrderPolicy:
    return OrderPolicy(
        approval_threshold_cents=settings.approval_threshold_cents,
        approval_timeout_s=int(settings.approval_timeout.total_seconds()),
        approval_reminder_s=int(settings.approval_reminder.total_seconds()),
        capture=settings.capture,
    )
