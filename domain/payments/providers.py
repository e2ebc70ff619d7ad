"""The payment providers that this app knows, and what an order must name to be paid through each.

Which of them a shop offers is its setting PAYMENT_PROVIDERS. A payment names its provider for good: it is captured and compensated
there, also when the shop no longer offers it.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from domain.wire import in_words

ProviderName = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9_]{0,29}$"),
    in_words("Must be a payment provider's name: 1 to 30 lower-case ASCII letters, digits and _, a letter first"),
]

STRIPE: Final = "stripe"
INVOICE: Final = "invoice"


class ProviderTerms(NamedTuple):
    """What an order must name. takes_payment_method: a token of what is charged, such as a card."""

    takes_payment_method: bool


PROVIDERS: Final[Mapping[str, ProviderTerms]] = {
    STRIPE: ProviderTerms(takes_payment_method=True),
    INVOICE: ProviderTerms(takes_payment_method=False),
}


class PaymentProblem(NamedTuple):
    """What an order's payment breaks. field: within `payment`."""

    field: str
    rule: str
    message: str


def chosen_provider(named: str | None, offered: Sequence[str]) -> str:
    """Return where a payment is made. Without a name it is the first offered provider that takes a payment method."""
    if named is not None:
        return named
    return next((each for each in offered if PROVIDERS[each].takes_payment_method), offered[0])


def offer_problem(provider: str, offered: Sequence[str]) -> PaymentProblem | None:
    """Return why the shop takes no payment through a provider; None when it does."""
    if provider in offered:
        return None
    return PaymentProblem(
        field="provider", rule="provider_not_offered", message=f"Must be one of: {', '.join(offered)}"
    )


def method_problem(provider: str, *, has_method: bool) -> PaymentProblem | None:
    """Return why a payment method must be given, or left out, for a provider; None when it is right.

    Of a provider that is not known nothing can be said.
    """
    terms = PROVIDERS.get(provider)
    if terms is None or terms.takes_payment_method == has_method:
        return None
    if terms.takes_payment_method:
        return PaymentProblem(field="payment_method", rule="missing", message=f"Field required to pay by {provider}")
    return PaymentProblem(field="payment_method", rule="not_taken", message=f"Leave it out to pay by {provider}")
