"""What a provider has of this shop's payments, as the reconciliation reads it."""

from datetime import datetime
from typing import Self

from domain.ids import Namespace
from domain.payments.providers import ProviderName
from domain.wire import Timestamp, Wire


class ProviderPayment(Wire):
    """A payment at a provider that carries the shop's mark. Amounts are in the smallest unit of its currency.

    Attributes:
        order_id: The order that it is marked with.
        amount_cents: What it was made for.
        held_cents: Secured, and neither taken nor given back.
        captured_cents: Taken, whatever was paid back since.
        refunded_cents: Paid back, or on its way back.
        failed_refund_cents: What was to be paid back, and was returned by the customer's bank.
        has_ended: Whether nothing but a refund can change it any more.
        changed_at: The last change that the provider dates; it may have changed later.
    """

    provider: ProviderName
    payment_id: str
    order_id: str
    currency: str
    amount_cents: int
    held_cents: int
    captured_cents: int
    refunded_cents: int
    failed_refund_cents: int = 0
    has_ended: bool
    changed_at: Timestamp

    @classmethod
    def missing(cls, provider: ProviderName, payment_id: str, order_id: str, currency: str, at: datetime) -> Self:
        """Return what stands for the payment of an order that the provider does not have. at: the order's end."""
        return cls(
            provider=provider,
            payment_id=payment_id,
            order_id=order_id,
            currency=currency,
            amount_cents=0,
            held_cents=0,
            captured_cents=0,
            refunded_cents=0,
            has_ended=True,
            changed_at=at,
        )

    @property
    def is_missing(self) -> bool:
        """Whether the provider does not have it: no payment is made for nothing."""
        return self.amount_cents == 0

    @property
    def kept_cents(self) -> int:
        """What was taken and not paid back."""
        return self.captured_cents - self.refunded_cents

    @property
    def has_money(self) -> bool:
        """Whether it holds or keeps money of the customer."""
        return self.held_cents > 0 or self.kept_cents > 0


class ListPayments(Wire):
    """Ask for the shop's payments that were made, or paid back, in a span of time.

    Attributes:
        namespace: The shop's, which its payments are marked with.
        since: The first moment of the span.
        until: The end of the span, which is not in it.
        cursor: Of the page; None for the first.
    """

    provider: ProviderName
    namespace: Namespace
    since: Timestamp
    until: Timestamp
    cursor: str | None = None


class FindPayment(Wire):
    """Ask for one payment as it is now."""

    provider: ProviderName
    namespace: Namespace
    payment_id: str
