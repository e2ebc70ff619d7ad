"""What customers have paid, what employees are paid, and what the reconciliation of payments knows."""

from collections.abc import Sequence
from typing import Protocol

from domain.expenses.claim import ExpensePayment
from domain.page import Page
from domain.payments.invoice import BankPayment, InvoiceStatus
from domain.payments.listing import ProviderPayment
from domain.payments.reconciliation import PaymentDrift
from domain.payments.reconciliation_runs import PaymentRun, ReadPosition, WatchedPayment
from domain.personal.traces import Traces
from domain.workflows.dead_letter import (
    Resolution,
)


class Invoices(Protocol):
    """What customers have paid of their invoices."""

    def status(self, namespace: str, number: str) -> InvoiceStatus:
        """Return how far an invoice is paid. Raises NotFound."""

    def record(self, namespace: str, received: BankPayment) -> InvoiceStatus:
        """Record a payment once per key, and give the credit back. Raises NotFound, Invalid and Conflict."""


class PaymentReconciliation(Protocol):
    """What the reconciliation of payments needs in its next run, and what its last one found."""

    def position(self, provider: str) -> ReadPosition:
        """Return how far a provider's payments are read."""

    def move(self, position: ReadPosition) -> None:
        """Store how far a provider's payments are read."""

    def watched(self, provider: str, *, cursor: str | None, limit: int) -> Page[WatchedPayment]:
        """Return a page of the payments to look at again."""

    def watch(self, watched: WatchedPayment) -> None:
        """Have a payment looked at again, and list its difference if it has one."""

    def keep_watching(self, payment: ProviderPayment) -> None:
        """Have a payment looked at again, unless it is already."""

    def forget(self, payment: ProviderPayment) -> None:
        """Leave a payment out from now on: it is settled."""

    def is_order_watched(self, order_id: str) -> bool:
        """Return whether any payment that is marked with an order is to be looked at again."""

    def list_drift(self, *, cursor: str | None = None, limit: int = 50) -> Page[PaymentDrift]:
        """Return a page of the differences. Raises InvalidCursor."""

    def find_drift(self, drift_id: str) -> PaymentDrift | None:
        """Return one difference; None when none of this id is open."""

    def last_run(self) -> PaymentRun | None:
        """Return the last run; None before the first."""

    def record_last_run(self, run: PaymentRun) -> None:
        """Store a run as the last one."""

    def resolution(self, drift_id: str) -> Resolution | None:
        """Return how an operator resolved a difference; None when none did."""

    def resolve(self, drift: PaymentDrift, resolution: Resolution) -> Resolution:
        """Store how an operator resolved a difference, unless it is resolved, and take it from the list; return what holds."""


class ExpensePayments(Protocol):
    """What is paid to employees: one row per claim, inserted only if absent."""

    def add(self, payment: ExpensePayment) -> ExpensePayment:
        """Insert what is to be paid for a claim, unless that was done; return what holds."""

    def of_employee(self, employee_id: str) -> Sequence[ExpensePayment]:
        """Return what was paid to an employee."""

    def pseudonymise(self, payment: ExpensePayment, traces: Traces) -> None:
        """Put a payment under a pseudonym."""
