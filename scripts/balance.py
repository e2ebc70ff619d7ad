"""Whether money and stock add up after a set of orders: nothing charged without goods, nothing held, nothing lost."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from scripts.web import call_again


@dataclass(frozen=True)
class Money:
    """Amounts of one currency, as the payment provider's own ledger has them."""

    authorised: int
    captured: int
    refunded: int
    voided: int

    @classmethod
    def of(cls, payments: Iterable[Mapping[str, Any]]) -> Self:
        """Sum the entries of the payment ledger, which are all in one currency."""
        entries = list(payments)
        currencies = {entry["currency"] for entry in entries if "currency" in entry}
        if len(currencies) > 1:
            raise ValueError(f"amounts in {', '.join(sorted(currencies))} cannot be added up")
        return cls(*(sum(entry[amount.name] for entry in entries) for amount in fields(cls)))

    @classmethod
    def sum(cls, parts: Iterable[Self]) -> Self:
        """Return the sum of the parts."""
        return cls.of(asdict(part) for part in parts)

    @property
    def held(self) -> int:
        """Authorised, and neither taken nor given back."""
        return self.authorised - self.captured - self.voided

    @property
    def kept(self) -> int:
        """What was captured and not refunded."""
        return self.captured - self.refunded


@dataclass(frozen=True)
class Stock:
    """Units of one product."""

    available: int
    reserved: int
    sold: int

    def __sub__(self, before: Self) -> "Stock":
        return Stock(self.available - before.available, self.reserved - before.reserved, self.sold - before.sold)


def read_money(sandbox_url: str, order_ids: Iterable[str]) -> dict[str, Money]:
    """Return what was paid for each order, from the provider's ledger."""
    return {
        order_id: Money.of(
            call_again("GET", f"{sandbox_url}/sandbox/ledger/payments?order_id={order_id}").body["payments"]
        )
        for order_id in order_ids
    }


def read_stock(base_url: str, product_ids: Iterable[str]) -> dict[str, Stock]:
    """Read the stock of some products."""
    answers = {product_id: call_again("GET", f"{base_url}/api/inventory/{product_id}") for product_id in product_ids}
    return {
        product_id: Stock(*(answer.body[amount.name] for amount in fields(Stock)))
        for product_id, answer in answers.items()
    }


def money_problems(money: Money, goods_cents: int) -> list[str]:
    """Return what the money kept and held contradicts. goods_cents: what the completed orders cost together."""
    problems = []
    if money.held:
        problems.append(f"{cents(money.held)} are still held on customers' cards")
    if money.kept != goods_cents:
        problems.append(f"{cents(money.kept)} were kept for goods worth {cents(goods_cents)}")
    return problems


def stock_problems(moved: Mapping[str, Stock], bought: Counter[str]) -> list[str]:
    """Return where the stock differs from the sold units.

    Args:
        moved: The change of stock per product.
        bought: Units of the completed orders per product.
    """
    problems = []
    for product_id, change in moved.items():
        wanted = Stock(available=-bought[product_id], reserved=0, sold=bought[product_id])
        if change != wanted:
            problems.append(f"{product_id}: {bought[product_id]} were bought, but the stock changed by {change}")
    return problems


def cents(amount: int) -> str:
    """Return an amount as people read it."""
    return f"{amount / 100:,.2f}"
