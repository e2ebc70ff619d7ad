"""Which parcels the shop takes orders for: within the carriers' limits, and declared where they cross a border."""

from typing import Any

import pytest

from domain.catalogue.product import PricedLine, Product, parcel_sides
from domain.errors import NotShippable
from domain.shipping.carriers import parcel_problem
from domain.shipping.customs import CustomsRules
from domain.shipping.rules import ShippingRules, check_parcel, declaration
from domain.shipping.shipment import Address
from tests.support.order_requests import ADDRESS

HOME = Address.model_validate(ADDRESS)
BERLIN = Address(name="Max", street1="Hauptstr 1", city="Berlin", postal_code="10115", country="DE")
TORONTO = HOME.model_copy(update={"country": "CA", "state": "ON"})
RULES = ShippingRules(ship_from="US", customs=CustomsRules(signer="Jane Doe"))


def mug(**changes: Any) -> Product:
    known = {"hs_code": "6912.00", "origin_country": "PT"}
    return Product.model_validate({"product_id": "mug", "name": "Mug", "unit_price_cents": 1_000, **known, **changes})


def line(quantity: int = 2, **changes: Any) -> PricedLine:
    shape = {"product_id": "mug", "unit_price_cents": 1_000, "weight_grams": 500}
    return PricedLine.model_validate({**shape, "quantity": quantity, **changes})


@pytest.mark.parametrize(
    ("grams", "carriers", "taken"),
    [
        (31_751, ("USPS",), True),
        (31_752, ("USPS",), False),
        (31_752, ("USPS", "UPS"), True),
        (68_038, ("FedEx",), True),
        (68_039, ("USPS", "UPS", "FedEx"), False),
        (70_000, ("DHLExpress",), True),
    ],
)
def test_a_parcel_is_no_heavier_than_one_of_the_carriers_takes(grams: int, carriers: Any, taken: bool) -> None:
    assert (parcel_problem(grams, None, carriers) is None) is taken


@pytest.mark.parametrize(
    ("sides", "carriers", "taken"),
    [
        ((3_000, 70, 70), ("USPS",), True),
        ((70, 3_000, 90), ("USPS",), False),
        ((2_743, 300, 400), ("UPS",), True),
        ((2_744, 300, 400), ("UPS",), False),
        ((1_500, 700, 700), ("UPS",), False),
        ((1_201, 10, 10), ("DHLExpress",), False),
    ],
)
def test_a_parcel_is_no_larger_than_one_of_the_carriers_takes(sides: Any, carriers: Any, taken: bool) -> None:
    assert (parcel_problem(1_000, sides, carriers) is None) is taken


def test_a_box_holds_all_units_stacked() -> None:
    lines = [line(3, size_mm=(100, 20, 50)), line(1, size_mm=(10, 300, 10))]
    assert parcel_sides(lines) == (70, 50, 300)
    assert parcel_sides([*lines, line()]) is None


def test_many_units_are_set_up_in_several_stacks() -> None:
    """200 boxes of 6 x 6 x 4 cm fill less than a cube of 50 cm."""
    sides = parcel_sides([line(200, size_mm=(60, 60, 40))])
    assert sides is not None
    assert sides[0] * sides[1] * sides[2] >= 200 * 60 * 60 * 40
    assert parcel_problem(20_000, sides, ("USPS",)) is None


def test_what_no_carrier_takes_is_refused() -> None:
    with pytest.raises(NotShippable, match="would weigh 100000 g, and may weigh 68038 g"):
        check_parcel([line(200)], RULES)


def test_a_parcel_within_the_country_is_not_declared() -> None:
    assert declaration([line()], {"mug": mug(hs_code=None)}, "usd", HOME, RULES) is None


@pytest.mark.parametrize(
    ("ship_to", "exemption"),
    [
        (BERLIN, "NOEEI 30.37(a)"),
        (TORONTO, "NOEEI 30.36"),
        (HOME.model_copy(update={"state": "AE", "city": "APO"}), "NOEEI 30.37(a)"),
        (HOME.model_copy(update={"state": "ap", "city": "FPO"}), "NOEEI 30.37(a)"),
        (HOME.model_copy(update={"state": "Armed Forces (AA)", "city": "APO"}), "NOEEI 30.37(a)"),
    ],
)
def test_a_parcel_across_a_border_is_declared_line_by_line(ship_to: Address, exemption: str) -> None:
    declared = declaration([line()], {"mug": mug()}, "eur", ship_to, RULES)
    assert declared is not None
    [item] = declared.items
    assert (item.quantity, item.weight_grams, item.value_cents, item.currency) == (2, 1_000, 2_000, "eur")
    assert (item.description, item.hs_code, item.origin_country) == ("Mug", "6912.00", "PT")
    assert (declared.signer, declared.contents, declared.exemption) == ("Jane Doe", "merchandise", exemption)


def test_the_shops_own_number_and_origin_stand_in_for_a_products() -> None:
    own = CustomsRules(signer="Jane Doe", hs_code="950300", origin_country="US")
    rules = ShippingRules(ship_from="DE", customs=own)
    declared = declaration([line()], {"mug": mug(hs_code=None, origin_country=None)}, "eur", HOME, rules)
    assert declared is not None
    assert (declared.items[0].hs_code, declared.items[0].origin_country, declared.exemption) == ("950300", "US", None)


@pytest.mark.parametrize(
    ("product", "quantity", "rules", "rule"),
    [
        (mug(), 2, ShippingRules(ship_from="US"), "not_sent_abroad"),
        (mug(hs_code=None), 2, RULES, "customs_not_known"),
        (mug(origin_country=None), 2, RULES, "customs_not_known"),
        (mug(), 251, RULES, "export_must_be_filed"),
    ],
)
def test_what_cannot_be_declared_is_refused(product: Product, quantity: int, rules: ShippingRules, rule: str) -> None:
    with pytest.raises(NotShippable) as refused:
        declaration([line(quantity)], {"mug": product}, "usd", BERLIN, rules)
    assert refused.value.rule == rule
