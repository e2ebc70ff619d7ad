"""Requests of the payment steps. Amounts never exceed what the order costs; a payment method is a token, never a card."""

import json
from typing import Annotated, Final, Literal

from pydantic import Field

from domain.ids import CustomerId, Namespace, OrderId, digest_id
from domain.money import Money
from domain.payments.providers import STRIPE, ProviderName
from domain.wire import Cents, Currency, Timestamp, Wire, in_words, is_absent
from domain.workflows.steps import Outcome, StepResult

CaptureMode = Literal["after_shipping", "immediate"]
"""When money is taken: after the parcel is booked (authorise, then capture), or with the authorisation itself."""

PaymentMethod = Annotated[
    str,
    Field(pattern=r"^pm_[A-Za-z0-9_]{1,120}$"),
    in_words("Must be a payment method's token: pm_ and what follows it"),
]

PaymentId = Annotated[
    str, Field(pattern=r"^[\x21-\x7e]{1,255}$"), in_words("Must be 1 to 255 printable ASCII characters without blanks")
]
"""The payment provider's id of a payment."""

VOIDED: Final = "voided"
"""The message of a cancellation that freed money which was held."""

REFUNDED: Final = "refunded"
"""The message of a cancellation that paid money back."""


class PaymentRequest(Wire):
    """Everything that a provider needs to know of an order's payment.

    It is the same for the authorisation and for its compensation, which must find the payment also when no answer ever came.
    payment_method: None where the provider takes none. placed_at: of the order; a provider forgets idempotency keys after a while,
    so an old payment is looked up before it is made. namespace: whose order it is, where several programs use one account.
    provider: where the payment is made and compensated. customer_id: who pays.
    """

    order_id: OrderId
    amount_cents: Cents
    currency: Currency
    payment_method: PaymentMethod | None
    placed_at: Timestamp
    capture: CaptureMode = "after_shipping"
    namespace: Namespace = ""
    provider: ProviderName = STRIPE
    customer_id: Annotated[CustomerId | None, Field(exclude_if=is_absent)] = None

    @property
    def fingerprint(self) -> str:
        """The mark that distinguishes this payment from all others, also of an earlier order with the same id.

        It covers every field. Those with their default are left out, so that one that is added later keeps the marks of the
        payments before it: a mark is stored with its payment.
        """
        return digest_id(json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True))

    def money_moved(self, result: StepResult) -> Money | None:
        """Return what was taken at once; None when the money is only held, or the payment was refused."""
        taken = self.capture == "immediate" and result.outcome is Outcome.DONE
        return Money(self.amount_cents, self.currency) if taken else None


class CaptureRequest(Wire):
    """Take money that was authorised. payment_id: the provider's id of the payment. provider: where it was authorised."""

    order_id: OrderId
    payment_id: str
    amount_cents: Cents
    currency: Currency
    namespace: Namespace = ""
    provider: ProviderName = STRIPE

    def money_moved(self, result: StepResult) -> Money | None:
        """Return what was taken; None when nothing was."""
        return Money(self.amount_cents, self.currency) if result.outcome is Outcome.DONE else None


class CancelPaymentRequest(Wire):
    """Leave the customer's money as it was before the order, whatever happened.

    payment: as it was requested. payment_id: once known; without it the payment is looked up by the order's key.
    """

    payment: PaymentRequest
    payment_id: str | None = None

    @property
    def order_id(self) -> OrderId:
        """The order's id."""
        return self.payment.order_id

    def money_moved(self, result: StepResult) -> Money | None:
        """Return what was paid back, which is 0 for a void; None when the cancellation is not done."""
        if result.outcome is not Outcome.DONE:
            return None
        return Money(self.payment.amount_cents if result.message == REFUNDED else 0, self.payment.currency)
