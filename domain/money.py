"""Amounts of money, which never mix currencies, and what each currency allows.

An amount is a whole number of the unit in which the payment provider takes the currency: cents, yen, fils. For ISK and UGX that is
a hundredth, although ISO 4217 has none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from functools import cache, total_ordering
from typing import NamedTuple, Self

from domain.currency_table import CURRENCY_TABLE
from domain.errors import ShopError


class UnknownCurrency(ShopError):
    """A code that is none of the currencies that the payment provider takes."""


class CurrencyMismatch(ShopError):
    """Amounts of two currencies were about to be added, compared or set off: a bug, or another system's answer."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other} cannot be set against each other")


class CurrencyRules(NamedTuple):
    """exponent: how many of an amount's digits are decimals. decimals: how many are written.

    per_dollar: the order of magnitude of what one US dollar is worth.
    """

    code: str
    exponent: int
    decimals: int
    multiple_of: int
    minimum: int
    maximum: int
    per_dollar: Decimal


@total_ordering
@dataclass(frozen=True)
class Money:
    """An amount of one currency. Whatever would mix two raises CurrencyMismatch."""

    amount: int
    currency: str

    @classmethod
    def at_least(cls, major: Decimal, currency: str) -> Self:
        """Return an amount that people write as 7.42, rounded up to the currency's unit."""
        unit = Decimal(10) ** -rules_of(currency).exponent
        return cls(int((major / unit).to_integral_value(ROUND_UP)), currency)

    @classmethod
    def sum(cls, parts: Iterable["Money"], currency: str) -> "Money":
        """Return the sum of the parts; of none it is 0."""
        total = cls(0, currency)
        for part in parts:
            total += part
        return total

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.amount * times, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def percent(self, share: int) -> "Money":
        """Return a share of it in percent, rounded down."""
        return Money(self.amount * share // 100, self.currency)

    def about_in(self, currency: str) -> "Money":
        """Return an amount of the same magnitude in another currency: for limits against slips, never to convert money."""
        here, there = rules_of(self.currency), rules_of(currency)
        if self.currency == currency:
            return self
        major = Decimal(self.amount).scaleb(-here.exponent) / here.per_dollar * there.per_dollar
        amount = int(major.scaleb(there.exponent))
        return Money(min(amount, there.maximum), currency)

    def __str__(self) -> str:
        """Return the amount as people read it: `1,250.00 USD`, `500 UGX`, `1.230 KWD`."""
        rules = rules_of(self.currency)
        major = Decimal(self.amount).scaleb(-rules.exponent)
        # A rule of the currency keeps what is not written at 0; what breaks it is shown all the same.
        hidden = self.amount % 10 ** (rules.exponent - rules.decimals)
        return f"{major:,.{rules.exponent if hidden else rules.decimals}f} {self.currency.upper()}"

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.amount


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A limit of the shop's. stated: in its own currency. others: in other currencies, where it has decided on them."""

    stated: Money
    others: Mapping[str, int] = field(default_factory=dict)

    def for_currency(self, currency: str) -> Money:
        """Return the limit in a currency: the shop's own, else one of the same magnitude as the stated limit."""
        if currency in self.others:
            return Money(self.others[currency], currency)
        return self.stated.about_in(currency)


def rules_of(currency: str) -> CurrencyRules:
    """Return the payment provider's rules for amounts in a currency.

    Raises:
        UnknownCurrency: Cards cannot be charged in it.
    """
    rules = _all_rules().get(currency)
    if rules is None:
        raise UnknownCurrency("the payment provider does not take this currency")
    return rules


@cache
def known_currencies() -> frozenset[str]:
    """Return the codes of all currencies, in lower case."""
    return frozenset(_all_rules())


def price_problem(price: Money) -> str | None:
    """Return in words which rule the price of one unit breaks; None when it can be charged, alone or with others."""
    rules = rules_of(price.currency)
    if price.amount % rules.multiple_of:
        return f"Amounts in {price.currency.upper()} are multiples of {rules.multiple_of}"
    if price.amount > rules.maximum:
        return f"Must be {rules.maximum} at most, which is {Money(rules.maximum, price.currency)}"
    return None


def charge_problem(total: Money) -> str | None:
    """Return in words which rule an amount breaks; None when it can be charged."""
    rules = rules_of(total.currency)
    if total.amount < rules.minimum:
        return f"The payment provider charges {Money(rules.minimum, total.currency)} at least"
    return price_problem(total)


@cache
def _all_rules() -> dict[str, CurrencyRules]:
    rows = (line.split() for line in CURRENCY_TABLE.splitlines())
    return {
        code: CurrencyRules(
            code=code,
            exponent=int(exponent),
            decimals=int(decimals),
            multiple_of=int(multiple_of),
            minimum=int(minimum),
            maximum=int(maximum),
            per_dollar=Decimal(per_dollar),
        )
        for code, exponent, decimals, multiple_of, minimum, maximum, per_dollar in rows
    }
