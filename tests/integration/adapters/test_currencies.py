"""The catalogue's currencies, charged one by one: whatever the shop takes for a price, the provider takes for an amount."""

import pytest
from stripe import InvalidRequestError, StripeClient

from domain.money import Money, charge_problem, known_currencies, rules_of
from sandbox.testing import Sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> StripeClient:
    return StripeClient("sk_test_currencies", base_addresses={"api": sandbox.url})


def is_taken(account: StripeClient, amount: int, currency: str) -> bool:
    try:
        made = account.v1.payment_intents.create({"amount": amount, "currency": currency})
    except InvalidRequestError as refusal:
        if refusal.param != "amount":
            raise
        return False
    return made.amount == amount


def test_every_currency_is_charged_by_the_rules_of_the_shop(account: StripeClient) -> None:
    for currency in sorted(known_currencies()):
        rules = rules_of(currency)
        # A thousand main units are above every minimum; one more than a multiple is a fraction where there is none.
        base = 1_000 * 10**rules.exponent
        for amount in (base, base + rules.multiple_of, base + 1, rules.maximum, rules.maximum + rules.multiple_of):
            known = charge_problem(Money(amount, currency)) is None
            assert is_taken(account, amount, currency) is known, (amount, currency)


@pytest.mark.parametrize("currency", ["usd", "gbp", "jpy", "huf", "czk", "mxn", "thb", "aed", "krw"])
def test_the_minimum_of_a_currency_is_the_providers(account: StripeClient, currency: str) -> None:
    """See https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts ."""
    minimum = rules_of(currency).minimum
    assert is_taken(account, minimum, currency)
    assert not is_taken(account, minimum - 1, currency)
