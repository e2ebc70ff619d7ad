"""Which parcels the shop can send, decided before anything is charged."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.catalogue.product import PricedLine, Product, parcel_sides, total_grams
from domain.errors import NotShippable
from domain.money import Money
from domain.shipping.carriers import DEFAULT_CARRIERS, CarrierName, parcel_problem
from domain.shipping.customs import (
    CustomsDeclaration,
    CustomsItem,
    CustomsRules,
    crosses_border,
    exemption,
    must_be_filed,
)
from domain.shipping.shipment import Address


class ShippingRules(NamedTuple):
    """carriers: those whose labels the shop buys. customs: what it declares; None when it sends nothing across a border."""

    ship_from: str
    carriers: tuple[CarrierName, ...] = DEFAULT_CARRIERS
    customs: CustomsRules | None = None


def check_parcel(lines: Sequence[PricedLine], rules: ShippingRules) -> None:
    """Check that one of the carriers takes the parcel.

    Raises:
        NotShippable: None of them does.
    """
    problem = parcel_problem(total_grams(lines), parcel_sides(lines), rules.carriers)
    if problem is not None:
        raise NotShippable("parcel_too_large", problem)


def declaration(
    lines: Sequence[PricedLine], products: Mapping[str, Product], currency: str, ship_to: Address, rules: ShippingRules
) -> CustomsDeclaration | None:
    """Return the customs declaration; None within one country.

    Raises:
        NotShippable: Something that customs need is missing.
    """
    if not crosses_border(rules.ship_from, ship_to.country, ship_to.state):
        return None
    customs = rules.customs
    if customs is None:
        raise NotShippable("not_sent_abroad", f"The shop sends parcels within {rules.ship_from} only", of_address=True)
    items = tuple(_item(index, line, products[line.product_id], currency, customs) for index, line in enumerate(lines))
    if must_be_filed(rules.ship_from, ship_to.country, [Money(item.value_cents, currency) for item in items]):
        rule = "Goods of this value have to be declared for export first, which the shop does not do"
        raise NotShippable("export_must_be_filed", rule)
    return CustomsDeclaration(
        signer=customs.signer,
        contents=customs.contents,
        items=items,
        exemption=exemption(rules.ship_from, ship_to.country),
    )


def _item(index: int, line: PricedLine, product: Product, currency: str, customs: CustomsRules) -> CustomsItem:
    hs_code = product.hs_code or customs.hs_code
    origin = product.origin_country or customs.origin_country
    if hs_code is None or origin is None:
        rule = "Not sent to another country: its customs tariff number or its country of origin is not known"
        raise NotShippable("customs_not_known", rule, line=index)
    return CustomsItem(
        description=product.name,
        quantity=line.quantity,
        weight_grams=line.quantity * line.weight_grams,
        value_cents=line.quantity * line.unit_price_cents,
        currency=currency,
        hs_code=hs_code,
        origin_country=origin,
    )
