"""How the customer pays for an order, as the request says it."""

from typing import Annotated, Final, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.payments.payment import PaymentMethod
from domain.payments.providers import STRIPE, ProviderName, method_problem
from domain.wire import Currency, Edge, is_absent

MAX_STATED_CENTS: Final = 10**12
"""Far above any order's limit, so that the limit itself reports a slip."""


class PaymentDetails(Edge):
    """How the customer pays.

    Attributes:
        payment_method: The payment provider's token.
        currency: The currency; None for the shop's.
        amount_cents: If stated, it must be the price of the goods.
        provider: A provider that the shop offers; None for the shop's first one that takes the payment method.
    """

    payment_method: PaymentMethod | None = None
    currency: Currency | None = None
    amount_cents: Annotated[int, Field(strict=True, ge=1, le=MAX_STATED_CENTS)] | None = None
    provider: Annotated[ProviderName | None, Field(exclude_if=is_absent)] = None

    @model_validator(mode="after")
    def _names_what_is_charged(self) -> Self:
        has_method = self.payment_method is not None
        problem = method_problem(self.provider or STRIPE, has_method=has_method)
        if problem is not None:
            error = problem_at((problem.field,), problem.rule, problem.message)
            raise ValidationError.from_exception_data(type(self).__name__, [error], hide_input=True)
        return self


def problem_at(location: tuple[str | int, ...], kind: str, rule: str) -> InitErrorDetails:
    """Return a broken rule of a request, at a field."""
    # No input: the rejected value must not travel with the error.
    return InitErrorDetails(type=PydanticCustomError(kind, rule), loc=location, input=None)
