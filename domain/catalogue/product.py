"""Products, their prices, and the parcels that they make."""

from collections.abc import Mapping, Sequence
from operator import not_
from typing import Annotated, Final, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.catalogue.shards import ShardCount
from domain.errors import AmountNotChargeable, AmountTooLarge, MixedCurrencies, UnknownProduct
from domain.ids import ProductId, digest_id, stock_key
from domain.money import Limit, Money, charge_problem, price_problem
from domain.trade_codes import CountryCode, HsCode
from domain.wire import VISIBLE_LINE, Cents, Currency, Edge, is_absent, is_one

ORDER_LIMIT: Final = Limit(stated=Money(100_000_000, "usd"))
"""The most that one order may cost unless the shop sets another limit: it turns a slip of a million dollars into an error."""

MAX_LINE_QUANTITY: Final = 10_000

Quantity = Annotated[int, Field(strict=True, ge=1, le=MAX_LINE_QUANTITY)]
Grams = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
_STACKS: Final = range(1, 21)
Side = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Sides = tuple[Side, Side, Side]
ProductName = Annotated[str, Field(min_length=1, max_length=200), VISIBLE_LINE]


class ProductDetails(Edge):
    """The fields of a product that can be changed.

    Attributes:
        unit_price_cents: Price of one unit, tax included, in the unit in which the payment provider takes the currency.
        weight_grams: Weight of one unit, packed, for the carrier.
        size_mm: Sides of one unit, packed, for the carrier.
        hs_code: Tariff number for customs; the shop's own applies to products without.
        origin_country: Country of origin for customs; the shop's own applies to products without.
        stock_shards: Over how many entities the stock is split, for a product that very many orders want at once.
    """

    name: ProductName
    unit_price_cents: Annotated[Cents, Field(ge=1)]
    currency: Currency = "usd"
    weight_grams: Grams = 500
    for_sale: Annotated[bool, Field(strict=True)] = True
    size_mm: Annotated[Sides | None, Field(exclude_if=is_absent)] = None
    hs_code: Annotated[HsCode | None, Field(exclude_if=is_absent)] = None
    origin_country: Annotated[CountryCode | None, Field(exclude_if=is_absent)] = None
    stock_shards: Annotated[ShardCount, Field(exclude_if=is_one)] = 1

    @model_validator(mode="after")
    def _price_of_its_currency(self) -> Self:
        problem = price_problem(Money(self.unit_price_cents, self.currency))
        if problem is None:
            return self
        kind = PydanticCustomError("currency_rule", "{problem}", {"problem": problem})
        details = InitErrorDetails(type=kind, loc=("unit_price_cents",), input=None)
        raise ValidationError.from_exception_data(type(self).__name__, [details], hide_input=True)


class Product(ProductDetails):
    """One product of the catalogue."""

    product_id: ProductId

    @property
    def version(self) -> str:
        """What differs between any two states of a product, in letters."""
        return digest_id(self.model_dump_json())


class OrderLine(Edge):
    """The units of one product that a customer orders."""

    product_id: ProductId
    quantity: Quantity


class PricedLine(OrderLine):
    """An order line with the name and the price it was sold at, which a later change of the catalogue must not touch.

    Attributes:
        name: None in orders of earlier releases.
        stock_shard: The shard of the product's stock that the order's units are reserved in, from 0.
    """

    name: Annotated[str | None, Field(exclude_if=is_absent)] = None
    unit_price_cents: Cents
    weight_grams: Grams
    size_mm: Annotated[Sides | None, Field(exclude_if=is_absent)] = None
    stock_shard: Annotated[int, Field(ge=0, exclude_if=not_)] = 0

    @property
    def stock_key(self) -> str:
        """The key of the inventory entity that the order's units are reserved in."""
        return stock_key(self.product_id, self.stock_shard)

    @property
    def total_cents(self) -> int:
        """What the customer pays for the line."""
        return self.quantity * self.unit_price_cents


def price_lines(
    lines: Sequence[OrderLine], products: Mapping[str, Product], currency: str, limit: Limit = ORDER_LIMIT
) -> tuple[PricedLine, ...]:
    """Return the lines at today's prices.

    Args:
        lines: The lines of an order.
        products: The known products, by id.
        currency: The currency that the order is paid in.
        limit: The most that the lines may cost together.

    Raises:
        UnknownProduct: The catalogue does not sell the product of a line, which the error names, from 0.
        MixedCurrencies: A line is priced in another currency; the error names it, from 0.
        AmountTooLarge: The total is above the limit.
        AmountNotChargeable: The total breaks a rule of its currency.
    """
    priced = tuple(_price(index, line, products, currency) for index, line in enumerate(lines))
    total, most = Money(total_cents(priced), currency), limit.for_currency(currency)
    if total > most:
        raise AmountTooLarge(str(most))
    problem = charge_problem(total)
    if problem is not None:
        raise AmountNotChargeable(problem)
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
        name=product.name,
        unit_price_cents=product.unit_price_cents,
        weight_grams=product.weight_grams,
        size_mm=product.size_mm,
    )


def total_cents(lines: Sequence[PricedLine]) -> int:
    """Return what the customer pays for the goods."""
    return sum(line.total_cents for line in lines)


def parcel_sides(lines: Sequence[PricedLine]) -> Sides | None:
    """Return the sides of a box that certainly holds all units; None when the size of one is not known.

    The units lie on their largest faces, in stacks of about the same height. Of all arrangements of the stacks it is the one whose
    length and girth, which carriers measure, are the smallest.
    """
    units = [(sorted(line.size_mm), line.quantity) for line in lines if line.size_mm is not None]
    if len(units) < len(lines):
        return None
    total = sum(sides[0] * quantity for sides, quantity in units)
    thickest = max(sides[0] for sides, _ in units)
    width, length = max(sides[1] for sides, _ in units), max(sides[2] for sides, _ in units)
    boxes = [(_stack(total, thickest, a * b), width * a, length * b) for a in _STACKS for b in _STACKS]
    return min(boxes, key=_length_and_girth)


def _stack(total: int, thickest: int, stacks: int) -> int:
    """Return the height of the highest of some stacks; `total` is the height of one stack of all units."""
    return total if stacks == 1 else min(total, -(-total // stacks) + thickest)


def _length_and_girth(sides: Sides) -> int:
    return max(sides) + 2 * (sum(sides) - max(sides))


def total_grams(lines: Sequence[PricedLine]) -> int:
    """Return what the parcel weighs, packaging excluded."""
    return sum(line.quantity * line.weight_grams for line in lines)
