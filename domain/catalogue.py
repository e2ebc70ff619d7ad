"""What the shop sells and for how much."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import Field

from domain.errors import AmountTooLarge, MixedCurrencies, UnknownProduct
from domain.ids import ProductId
from domain.wire import Cents, Currency, Wire

MOST_CENTS_PER_ORDER: Final = 100_000_000
MOST_PER_LINE: Final = 10_000

Quantity = Annotated[int, Field(strict=True, ge=1, le=MOST_PER_LINE)]
Grams = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class ProductDetails(Wire):
    """What may be changed of a product. unit_price_cents: tax included. weight_grams: of one unit, for the carrier."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    unit_price_cents: Annotated[int, Field(strict=True, ge=1, le=MOST_CENTS_PER_ORDER)]
    currency: Currency = "usd"
    weight_grams: Grams = 500
    for_sale: bool = True


class Product(ProductDetails):
    """One product of the catalogue."""

    product_id: ProductId


class OrderLine(Wire):
    """How many of one product a customer wants."""

    product_id: ProductId
    quantity: Quantity


class PricedLine(OrderLine):
    """An order line with the price it was sold at, which a later change of the catalogue must not touch."""

    unit_price_cents: Cents
    weight_grams: Grams


def price_lines(lines: Sequence[OrderLine], products: Mapping[str, Product], currency: str) -> tuple[PricedLine, ...]:
    """The lines at today's prices. products: those known, by id.

    Raises UnknownProduct, MixedCurrencies (each names the line, from 0) and AmountTooLarge.
    """
    priced = tuple(_price(index, line, products, currency) for index, line in enumerate(lines))
    if total_cents(priced) > MOST_CENTS_PER_ORDER:
        raise AmountTooLarge(MOST_CENTS_PER_ORDER)
    return priced


def _price(index: int, line: OrderLine, products: Mapping[str, Product], currency: str) -> PricedLine:
    product = products.get(line.product_id)
    if product is None or not product.for_sale:
        raise UnknownProduct(index, line.product_id)
    if product.currency != currency:
        raise MixedCurrencies(index, product.currency, currency)
    return PricedLine(
        product_id=line.product_id,
        quantity=line.quantity,
        unit_price_cents=product.unit_price_cents,
        weight_grams=product.weight_grams,
    )


def total_cents(lines: Sequence[PricedLine]) -> int:
    """What the customer pays for the goods."""
    return sum(line.quantity * line.unit_price_cents for line in lines)


def total_grams(lines: Sequence[PricedLine]) -> int:
    """What the parcel weighs, packaging excluded."""
    return sum(line.quantity * line.weight_grams for line in lines)
