"""Record what customers have paid of their invoices: it frees their credit."""

from typing import Final

from adapters.azure_storage.storage import Storage
from adapters.invoice.accounts import Found, InvoiceAccounts
from domain.errors import StorageUnavailable
from domain.payments.invoice import (
    BankPayment,
    InvoicePayment,
    InvoiceStatus,
    receive,
    split_number,
    status_of,
)
from domain.refusals import Conflict, Invalid, NotFound

_MAX_COLLISIONS: Final = 20


class InvoiceNotFound(NotFound):
    """There is no invoice with this number."""

    def __init__(self) -> None:
        super().__init__("invoice_not_found", "There is no invoice with this number.")


class InvoiceBankPayments:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._accounts = InvoiceAccounts(storage)

    def status(self, namespace: str, number: str) -> InvoiceStatus:
        """Return how far an invoice is paid. Raises NotFound."""
        _, payment = self._read(namespace, number)
        return status_of(payment, number)

    def record(self, namespace: str, received: BankPayment) -> InvoiceStatus:
        """Record a payment once per key, and give the credit back.

        Raises:
            NotFound: There is no such invoice.
            Invalid: It is in another currency.
            Conflict: The key stands for another payment, or less is open.
        """
        customer_id, _ = split_number(received.invoice)
        for _ in range(_MAX_COLLISIONS):
            known = self._accounts.received(namespace, customer_id, received.key)
            found, payment = self._read(namespace, received.invoice)
            if known is None:
                _check(payment, received)
                changed = receive(found.account, payment, received)
                if not self._accounts.store(namespace, found, changed):
                    continue
                payment = changed.payment
            elif not received.is_repeat_of(known):
                raise Conflict("key_reused", "Another payment was recorded under this key.")
            return status_of(payment, received.invoice)
        raise StorageUnavailable("the customer's account is being changed by too many at once")

    def _read(self, namespace: str, number: str) -> tuple[Found, InvoicePayment]:
        customer_id, sequence = split_number(number)
        order_id = self._accounts.invoiced_order(namespace, customer_id, sequence)
        found = None if order_id is None else self._accounts.read(namespace, customer_id, order_id)
        if found is None or found.payment is None:
            raise InvoiceNotFound
        return found, found.payment


def _check(payment: InvoicePayment, received: BankPayment) -> None:
    if received.currency != payment.currency:
        raise Invalid.of_field("currency", "currency_differs", "Must be the invoice's currency")
    if received.amount_cents > payment.open_cents:
        raise Conflict("more_than_is_open", "Less is open of this invoice.")
