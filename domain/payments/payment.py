"""Requests of the payment steps. Amounts never exceed what the order costs; a payment method is a token, never a card."""

from typing import Annotated, Literal

from pydantic import Field

from domain.ids import Namespace, OrderId, digest_id
from domain.wire import Cents, Currency, Timestamp, Wire, in_words

CaptureMode = Literal["after_shipping", "immediate"]
"""When money is taken: after the parcel is booked (authorise, then capture), or with the authorisation itself."""

PaymentMethod = Annotated[
    str,
    Field(pattern=r"^pm_[A-Za-z0-9_]{1,120}$"),
    in_words("Must be a payment method's token: pm_ and what follows it"),
]


class PaymentRequest(Wire):
    """Everything the provider must be told of an order's payment.

    The same for authorise and for its compensation, which must be able to find the payment when no answer ever came.
    placed_at: when
    the order was; a provider forgets idempotency keys after a while, so an old payment is looked for before it is made.
    namespace: whose order it is, where several programs use one account.
    """

    order_id: OrderId
    amount_cents: Cents
    currency: Currency
    payment_method: PaymentMethod
    placed_at: Timestamp
    capture: CaptureMode = "after_shipping"
    namespace: Namespace = ""

    @property
    def fingerprint(self) -> str:
        """Tell this payment from every other, also from one of another order that had the same id before.

        It is stored with the payment: a change of what goes into it makes the payments of running orders strangers.
        """
        facts = (
            self.namespace,
            self.order_id,
            str(self.amount_cents),
            self.currency,
            self.payment_method,
            self.capture,
        )
        return digest_id("|".join(facts))


class CaptureRequest(Wire):
    """Take money that was authorised. payment_id: the provider's id of the payment."""

    order_id: OrderId
    payment_id: str
    amount_cents: Cents
    currency: Currency
    namespace: Namespace = ""


class CancelPaymentRequest(Wire):
    """Leave the customer's money as it was before the order, whatever happened.

    payment: as it was asked for. payment_id: once known; without it the payment is looked up by the order's key.
    """

    payment: PaymentRequest
    payment_id: str | None = None
