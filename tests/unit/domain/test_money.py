"""Amounts keep to one currency, and to its rules: https://docs.stripe.com/currencies."""

from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.catalogue.product import Product
from domain.money import (
    CurrencyMismatch,
    Limit,
    Money,
    UnknownCurrency,
    charge_problem,
    known_currencies,
    price_problem,
    rules_of,
)
from domain.wire import Currency

ZERO_DECIMALS = {
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
}
THREE_DECIMALS = {"bhd", "jod", "kwd", "omr", "tnd"}
WRITTEN_WHOLE = {"isk", "ugx"}


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1_999, "usd", "19.99 USD"),
        (5, "usd", "0.05 USD"),
        (1_250, "jpy", "1,250 JPY"),
        (1_230, "kwd", "1.230 KWD"),
        (12_500, "bhd", "12.500 BHD"),
        (500, "ugx", "5 UGX"),
        (500, "isk", "5 ISK"),
        (551, "isk", "5.51 ISK"),
        (125_000_000, "idr", "1,250,000.00 IDR"),
        (999_999_999_999, "usd", "9,999,999,999.99 USD"),
    ],
)
def test_an_amount_reads_as_its_currency_is_written(amount: int, currency: str, text: str) -> None:
    assert str(Money(amount, currency)) == text


def test_amounts_of_one_currency_add_up_and_compare() -> None:
    assert Money(100, "usd") + Money(50, "usd") == Money(150, "usd")
    assert Money(100, "usd") - Money(150, "usd") < Money(0, "usd")
    assert Money.sum((Money(1, "eur"), Money(2, "eur")), "eur") == Money(3, "eur") == Money(1, "eur") * 3
    assert max(Money(1, "eur"), Money(2, "eur")) == Money(2, "eur")


@pytest.mark.parametrize("mix", [Money.__add__, Money.__sub__, Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__])
def test_amounts_of_two_currencies_are_never_set_against_each_other(mix: object) -> None:
    assert callable(mix)
    with pytest.raises(CurrencyMismatch):
        mix(Money(100, "usd"), Money(100, "eur"))
    assert Money(100, "usd") != Money(100, "eur")


def test_an_amount_of_no_currency_cannot_be_written_or_summed_with_another() -> None:
    with pytest.raises(UnknownCurrency):
        str(Money(1, "zzz"))
    with pytest.raises(CurrencyMismatch):
        Money.sum((Money(1, "usd"),), "eur")


def test_every_currency_has_the_decimals_that_stripe_lists() -> None:
    assert len(known_currencies()) > 135
    for code in known_currencies():
        expected = 0 if code in ZERO_DECIMALS else 3 if code in THREE_DECIMALS else 2
        written = 0 if code in WRITTEN_WHOLE else expected
        step = 10 if code in THREE_DECIMALS else 100 if code in WRITTEN_WHOLE else 1
        rules = rules_of(code)
        assert (rules.exponent, rules.decimals, rules.multiple_of) == (expected, written, step), code
        assert charge_problem(Money(rules.minimum, code)) is None
        assert charge_problem(Money(rules.maximum, code)) is None
        assert charge_problem(Money(rules.maximum + step, code)) is not None
        assert charge_problem(Money(rules.minimum - step, code)) is not None


@pytest.mark.parametrize(
    ("amount", "currency", "chargeable"),
    [
        (49, "usd", False),
        (50, "usd", True),
        (29, "gbp", False),
        (30, "gbp", True),
        (17_400, "huf", False),
        (17_545, "huf", True),
        (50_001, "ugx", False),
        (50_000, "ugx", True),
        (150, "isk", False),
        (1_234, "kwd", False),
        (1_230, "kwd", True),
        (49, "jpy", False),
        (999_999_999_999, "idr", True),
    ],
)
def test_what_can_be_charged_is_what_the_currency_allows(amount: int, currency: str, chargeable: bool) -> None:
    assert (charge_problem(Money(amount, currency)) is None) is chargeable


def test_a_price_may_be_too_small_to_be_charged_alone() -> None:
    assert price_problem(Money(1, "usd")) is None
    assert price_problem(Money(1_234, "kwd")) == "Amounts in KWD are multiples of 10"


@pytest.mark.parametrize("code", ["zzz", "xxx", "btc", "frf", "USD", "us", "", "usdc"])
def test_a_code_that_cards_cannot_be_charged_in_is_no_currency(code: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Currency).validate_python(code)


@pytest.mark.parametrize(("price", "currency"), [(50_001, "ugx"), (1_234, "kwd"), (1, "isk"), (100, "zzz")])
def test_the_catalogue_takes_no_price_that_its_currency_does_not_have(price: int, currency: str) -> None:
    with pytest.raises(ValidationError):
        Product.model_validate({"product_id": "mug", "name": "Mug", "unit_price_cents": price, "currency": currency})


@pytest.mark.parametrize(
    ("major", "currency", "amount"),
    [("7.42", "usd", 742), ("7.421", "usd", 743), ("7", "jpy", 7), ("7.1", "jpy", 8), ("1.2345", "kwd", 1_235)],
)
def test_a_price_as_people_write_it_is_never_taken_for_less(major: str, currency: str, amount: int) -> None:
    assert Money.at_least(Decimal(major), currency) == Money(amount, currency)


def test_a_limit_holds_in_every_currency() -> None:
    limit = Limit(stated=Money(100_000, "usd"), others={"eur": 90_000})
    assert limit.for_currency("usd") == Money(100_000, "usd")
    assert limit.for_currency("eur") == Money(90_000, "eur")
    assert limit.for_currency("jpy") == Money(200_000, "jpy"), "1,000 dollars are some 150,000 yen"
    assert limit.for_currency("idr") == Money(2_000_000_000, "idr"), "and some 16,000,000.00 rupiah"
    for code in known_currencies():
        assert limit.for_currency(code) > Money(0, code)
