"""What an address needs in each country. The data: https://chromium-i18n.appspot.com/ssl-address (Google's address data)."""

import pytest
from pydantic import ValidationError

from domain.shipping.addresses import address_format, address_problems
from domain.shipping.shipment import MAX_CITY_CHARS, MAX_LINE_CHARS, Address, Destination

US = {
    "name": "Ada Lovelace",
    "street1": "388 Townsend St",
    "city": "San Francisco",
    "state": "CA",
    "postal_code": "94107",
    "country": "US",
}


def wrong(country: str, **parts: str | None) -> list[tuple[str, str]]:
    given = {"city": "X", "state": None, "postal_code": None} | parts
    return [(problem.field, problem.rule) for problem in address_problems(country, **given)]


@pytest.mark.parametrize(
    ("country", "parts"),
    [
        ("US", {"state": "MA", "postal_code": "02134"}),
        ("US", {"state": "Massachusetts", "postal_code": "02134-1234"}),
        ("US", {"state": "AS", "postal_code": "96799"}),
        ("US", {"state": "NY", "postal_code": "06390"}),
        ("US", {"state": "AE", "postal_code": "09123"}),
        ("BR", {"state": "Sao Paulo", "postal_code": "01310-100"}),
        ("BR", {"state": "Sa\u0303o Paulo", "postal_code": "01310-100"}),
        ("CA", {"state": "Québec", "postal_code": "H2X 1Y4"}),
        ("DE", {"postal_code": "10115"}),
        ("GB", {"postal_code": "SW1A 1AA"}),
        ("IE", {"postal_code": "D02 X285"}),
        ("HK", {"state": "Kowloon", "city": None}),
        ("AE", {"state": "Dubai", "city": None}),
        ("SG", {"city": None, "postal_code": "049315"}),
        ("SG", {"city": "Singapore", "postal_code": "049315"}),
        ("JP", {"state": "東京都", "city": None, "postal_code": "100-0001"}),
        ("CN", {"state": "Guangdong", "postal_code": "510000"}),
        ("ES", {"state": "Madrid", "postal_code": "28001"}),
        ("IT", {"state": "RM", "postal_code": "00184"}),
        ("PA", {}),
    ],
)
def test_addresses_as_they_are_pass(country, parts):
    assert wrong(country, **parts) == []


@pytest.mark.parametrize(
    ("country", "parts", "problem"),
    [
        ("XX", {}, ("country", "unknown_country")),
        ("ZZ", {}, ("country", "unknown_country")),
        ("UK", {}, ("country", "unknown_country")),
        ("US", {"postal_code": "02134"}, ("state", "missing")),
        ("US", {"state": "ZQ", "postal_code": "02134"}, ("state", "unknown_state")),
        ("US", {"state": "CA", "postal_code": "02134"}, ("postal_code", "other_state")),
        ("US", {"state": "MA"}, ("postal_code", "missing")),
        ("US", {"state": "MA", "postal_code": "0213"}, ("postal_code", "form")),
        ("US", {"state": "MA", "postal_code": "02134", "city": None}, ("city", "missing")),
        ("DE", {"postal_code": "D-10115"}, ("postal_code", "form")),
        ("DE", {"postal_code": "10115", "state": "Berlin"}, ("state", "not_used")),
        ("HK", {"state": "Kowloon", "postal_code": "00000"}, ("postal_code", "not_used")),
        ("NL", {"postal_code": "1012"}, ("postal_code", "form")),
    ],
)
def test_what_does_not_fit_its_country_is_named(country, parts, problem):
    assert wrong(country, **parts) == [problem]


def test_the_error_names_the_field_and_a_postal_code_is_stored_in_capitals():
    with pytest.raises(ValidationError) as caught:
        Destination.of_caller(US | {"postal_code": "0213x"})
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [(("postal_code",), "form")]
    british = {"name": "Ada", "street1": "1 Main St", "city": "London", "postal_code": " sw1a  1aa ", "country": "GB"}
    assert Destination.of_caller(british).postal_code == "SW1A 1AA"


# UPS prints the least: 35 characters of a name and a line, 30 of a city (developer.ups.com, Shipping).
@pytest.mark.parametrize(
    ("field", "most"),
    [("name", MAX_LINE_CHARS), ("street1", MAX_LINE_CHARS), ("street2", MAX_LINE_CHARS), ("city", MAX_CITY_CHARS)],
)
def test_a_line_is_no_longer_than_carriers_print(field, most):
    Destination.of_caller(US | {field: "x" * most})
    with pytest.raises(ValidationError):
        Destination.of_caller(US | {field: "x" * (most + 1)})


def test_what_was_accepted_stays_readable():
    assert Address.model_validate(US | {"name": "x" * 100, "state": None, "postal_code": "0213"}).name == "x" * 100
    assert Destination.model_validate(US | {"postal_code": "02134"}).postal_code == "02134"


def test_every_country_of_the_data_can_be_read():
    known = [first + second for first in map(chr, range(65, 91)) for second in map(chr, range(65, 91))]
    assert sum(address_format(country) is not None for country in known) > 240
