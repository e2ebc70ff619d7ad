"""Payment by invoice: a customer's credit, and what is recorded of each order that is paid so. Pure: values in, new values out.

Numbers come from one series per customer, which EU law allows (Directive 2006/112/EC, Article 226(2): "a sequential number, based
on one or more series"). A series has no gaps, because a number and its document are stored together.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from domain.ids import CustomerId, InvoiceNumber, Namespace, OrderId
from domain.wire import Cents, Currency, Timestamp, Wire

INVOICE_ID_SEPARATOR: Final = "/"
"""Between the customer and the order in the id of a payment by invoice: neither id can hold it."""


class PaymentState(StrEnum):
    """How far the payment of one order is."""

    HELD = "held"  # its amount counts against the credit
    INVOICED = "invoiced"
    CREDITED = "credited"  # a credit note has followed the invoice
    VOID = "void"  # never to be invoiced


class InvoicePayment(Wire):
    """The payment of one order. fingerprint: of the request it was made for.

    was_held: whether its amount ever counted against the credit. invoice, credit_note: the numbers of its documents. paid_cents:
    what the customer has paid of the invoice.
    """

    order_id: OrderId
    customer_id: CustomerId
    amount_cents: Cents
    currency: Currency
    fingerprint: str
    state: PaymentState
    was_held: bool = True
    invoice: str | None = None
    credit_note: str | None = None
    paid_cents: int = 0

    @property
    def open_cents(self) -> int:
        """What the customer has yet to pay of the invoice."""
        return self.amount_cents - self.paid_cents if self.state is PaymentState.INVOICED else 0

    @property
    def payment_id(self) -> str:
        """The id by which it is captured and compensated."""
        return f"{self.customer_id}{INVOICE_ID_SEPARATOR}{self.order_id}"


class CreditAccount(Wire):
    """What one customer may owe, and owes. Amounts are per currency; a negative one is a balance in the customer's favour.

    limits: the customer's own, which come before the shop's. used: held or invoiced, and not paid. invoices, credit_notes: how
    many documents of each kind there are.
    """

    limits: dict[Currency, int] = Field(default_factory=dict)
    used: dict[Currency, int] = Field(default_factory=dict)
    invoices: int = 0
    credit_notes: int = 0

    def allows(self, amount: int, currency: str, shop_limits: Mapping[str, int]) -> bool:
        """Return whether the customer may owe so much more."""
        limit = self.limits.get(currency, shop_limits.get(currency, 0))
        return self.used.get(currency, 0) + amount <= limit

    def charged(self, amount: int, currency: str) -> "CreditAccount":
        """Return the account with so much more of its credit used; with less for a negative amount."""
        return self.model_copy(update={"used": {**self.used, currency: self.used.get(currency, 0) + amount}})


class Document(Wire):
    """An invoice, or the credit note that takes one back. It never changes. corrects: the number of that invoice.

    sequence: its place in the series of its kind and customer, from 1.
    """

    number: str
    kind: Literal["invoice", "credit_note"]
    sequence: int
    namespace: Namespace
    customer_id: CustomerId
    order_id: OrderId
    amount_cents: Cents
    currency: Currency
    issued_at: Timestamp
    corrects: str | None = None


class BankPayment(Wire):
    """What a customer has paid of an invoice, as an operator recorded it.

    Attributes:
        key: Names it: the same key counts once.
        reference: What the bank statement says.
    """

    key: str
    invoice: InvoiceNumber
    amount_cents: Cents
    currency: Currency
    recorded_by: str
    reference: str | None = None
    recorded_at: Timestamp

    def is_repeat_of(self, known: "BankPayment") -> bool:
        """Return whether both say the same, whenever they were recorded."""
        return self.model_copy(update={"recorded_at": known.recorded_at}) == known


class InvoiceStatus(Wire):
    """An invoice, and what the customer has paid of it. open_cents: 0 once it is paid, or taken back by a credit note."""

    number: InvoiceNumber
    customer_id: CustomerId
    order_id: OrderId
    state: PaymentState
    currency: Currency
    amount_cents: Cents
    paid_cents: int
    open_cents: int


class Change(Wire):
    """What is stored together, or not at all. account, document, received: None when there is no change of it."""

    payment: InvoicePayment
    account: CreditAccount | None = None
    document: Document | None = None
    received: BankPayment | None = None


def hold(account: CreditAccount, payment: InvoicePayment) -> Change:
    """Count a payment's amount against the credit."""
    return Change(payment=payment, account=account.charged(payment.amount_cents, payment.currency))


def issue(account: CreditAccount, payment: InvoicePayment, namespace: str, now: Timestamp) -> Change:
    """Invoice a payment that is held."""
    sequence = account.invoices + 1
    document = _document("invoice", sequence, payment, namespace, now)
    return Change(
        payment=payment.model_copy(update={"state": PaymentState.INVOICED, "invoice": document.number}),
        account=account.model_copy(update={"invoices": sequence}),
        document=document,
    )


def release(account: CreditAccount, payment: InvoicePayment) -> Change:
    """Give back the credit of a payment that is held."""
    return Change(
        payment=payment.model_copy(update={"state": PaymentState.VOID}),
        account=account.charged(-payment.amount_cents, payment.currency),
    )


def credit(account: CreditAccount, payment: InvoicePayment, namespace: str, now: Timestamp) -> Change:
    """Take an invoice back."""
    sequence = account.credit_notes + 1
    document = _document("credit_note", sequence, payment, namespace, now)
    return Change(
        payment=payment.model_copy(update={"state": PaymentState.CREDITED, "credit_note": document.number}),
        account=account.charged(-payment.amount_cents, payment.currency).model_copy(update={"credit_notes": sequence}),
        document=document,
    )


def receive(account: CreditAccount, payment: InvoicePayment, received: BankPayment) -> Change:
    """Record what a customer has paid of an invoice, which gives so much of the credit back."""
    return Change(
        payment=payment.model_copy(update={"paid_cents": payment.paid_cents + received.amount_cents}),
        account=account.charged(-received.amount_cents, received.currency),
        received=received,
    )


def status_of(payment: InvoicePayment, number: str) -> InvoiceStatus:
    """Return how far an invoice is paid. payment: the one that it was issued for."""
    return InvoiceStatus(
        number=number,
        customer_id=payment.customer_id,
        order_id=payment.order_id,
        state=payment.state,
        currency=payment.currency,
        amount_cents=payment.amount_cents,
        paid_cents=payment.paid_cents,
        open_cents=payment.open_cents,
    )


def split_number(number: str) -> tuple[str, int]:
    """Return the customer of an invoice, and its place in the customer's series."""
    customer_id, _, sequence = number.rpartition("-")
    return customer_id, int(sequence)


def _document(
    kind: Literal["invoice", "credit_note"], sequence: int, payment: InvoicePayment, namespace: str, now: Timestamp
) -> Document:
    mark = "" if kind == "invoice" else "C"
    return Document(
        number=f"{payment.customer_id}-{mark}{sequence:06}",
        kind=kind,
        sequence=sequence,
        namespace=namespace,
        customer_id=payment.customer_id,
        order_id=payment.order_id,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        issued_at=now,
        corrects=payment.invoice if kind == "credit_note" else None,
    )
