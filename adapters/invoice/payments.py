"""Authorise, capture and cancel payments by invoice: a credit limit, an invoice, a credit note.

Each operation reads what is stored, decides, and stores its change only if nothing has changed meanwhile. A repeat finds what was
done. A payment that is cancelled before it was authorised is stored as void, which stops an authorisation that arrives later.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from adapters.azure_storage.storage import Storage
from adapters.invoice.accounts import Found, InvoiceAccounts
from domain.errors import ProviderRefused, ProviderUnavailable, StorageUnavailable
from domain.page import InvalidCursor, Page
from domain.payments.invoice import (
    INVOICE_ID_SEPARATOR,
    Change,
    InvoicePayment,
    PaymentState,
    credit,
    hold,
    issue,
    release,
)
from domain.payments.listing import FindPayment, ListPayments, ProviderPayment
from domain.payments.payment import REFUNDED, VOIDED, CancelPaymentRequest, CaptureRequest, PaymentRequest
from domain.payments.providers import INVOICE
from domain.workflows.commands import NOTHING_TO_COMPENSATE
from domain.workflows.steps import StepResult

_MAX_COLLISIONS: Final = 20
# Each is read by itself.
_LIST_PAGE_SIZE: Final = 50
_ENDED: Final = (PaymentState.CREDITED, PaymentState.VOID)

Decision = Change | StepResult
"""What is to be stored, or what is answered because nothing is to be stored."""

Decide = Callable[[Found], Decision]


class InvoicePayments:
    """Every method raises ProviderUnavailable when the same request is worth sending again."""

    def __init__(self, storage: Storage, limits: Mapping[str, int]) -> None:
        self._accounts = InvoiceAccounts(storage)
        self._limits = limits

    def authorise(self, request: PaymentRequest) -> StepResult:
        """Count the amount against the customer's credit; issue the invoice at once where the request says so.

        Returns:
            Done with the payment id as reference. Refused: payment_declined above the credit limit, payment_cancelled.
            Faulted: payment_request_refused.
        """
        if request.customer_id is None:
            return _faulted("customer_missing")
        wanted = _payment(request, request.customer_id)

        def decide(found: Found) -> Decision:
            known = found.payment
            if known is not None:
                return _authorised(known, wanted)
            if not found.account.allows(request.amount_cents, request.currency, self._limits):
                return StepResult.refused("payment_declined", "the invoice would exceed the customer's credit limit")
            held = hold(found.account, wanted)
            if request.capture != "immediate" or held.account is None:
                return held
            return issue(held.account, wanted, request.namespace, datetime.now(UTC))

        return self._change(request.namespace, wanted.customer_id, request.order_id, decide)

    def capture(self, request: CaptureRequest) -> StepResult:
        """Issue the invoice. Refused: payment_cancelled. Faulted: payment_request_refused."""
        customer_id = _customer(request.payment_id)

        def decide(found: Found) -> Decision:
            known = found.payment
            if known is None or known.payment_id != request.payment_id:
                return _faulted("not_authorised")
            if (known.amount_cents, known.currency) != (request.amount_cents, request.currency):
                return _faulted("amount_differs")
            if known.state is PaymentState.HELD:
                return issue(found.account, known, request.namespace, datetime.now(UTC))
            return _cancelled(known) if known.state in _ENDED else StepResult(reference=known.payment_id)

        return self._change(request.namespace, customer_id, request.order_id, decide)

    def cancel(self, request: CancelPaymentRequest) -> StepResult:
        """Release the credit, or take the invoice back by a credit note. The message says how the payment ended.

        Faulted: payment_request_refused, when another payment has the order's id.
        """
        payment = request.payment
        if payment.customer_id is None:
            return _faulted("customer_missing")
        wanted = _payment(payment, payment.customer_id)

        def decide(found: Found) -> Decision:
            known = found.payment
            if known is None:
                barrier = wanted.model_copy(update={"state": PaymentState.VOID, "was_held": False})
                return Change(payment=barrier)
            if known.fingerprint != wanted.fingerprint:
                return _faulted("payment_of_another_order")
            if known.state is PaymentState.HELD:
                return release(found.account, known)
            if known.state is PaymentState.INVOICED:
                return credit(found.account, known, payment.namespace, datetime.now(UTC))
            return _compensated(known)

        return self._change(payment.namespace, wanted.customer_id, payment.order_id, decide)

    def list_payments(self, wanted: ListPayments) -> Page[ProviderPayment]:
        """Return a page of the payments that were made or credited in a span of time. Raises ProviderRefused."""
        with _unavailable():
            try:
                page = self._accounts.announced(wanted, _LIST_PAGE_SIZE)
            except InvalidCursor:
                raise ProviderRefused("the cursor is not one of this list") from None
            found = (self._find(wanted.namespace, *each) for each in dict.fromkeys(page.items))
            return Page([payment for payment in found if payment is not None], page.cursor)

    def find_payment(self, wanted: FindPayment) -> ProviderPayment | None:
        """Return one payment as it is now; None when there is none of this id."""
        customer_id, _, order_id = wanted.payment_id.rpartition(INVOICE_ID_SEPARATOR)
        with _unavailable():
            return self._find(wanted.namespace, customer_id, order_id)

    def _find(self, namespace: str, customer_id: str, order_id: str) -> ProviderPayment | None:
        found = self._accounts.read(namespace, customer_id, order_id)
        if found.payment is None or found.payment_changed_at is None:
            return None
        return _listed(found.payment, found.payment_changed_at)

    def _change(self, namespace: str, customer_id: str, order_id: str, decide: Decide) -> StepResult:
        with _unavailable():
            for _ in range(_MAX_COLLISIONS):
                found = self._accounts.read(namespace, customer_id, order_id)
                decision = decide(found)
                if isinstance(decision, StepResult):
                    return decision
                if _is_made_or_credited(found, decision):
                    self._accounts.announce(namespace, decision.payment, datetime.now(UTC))
                if self._accounts.store(namespace, found, decision):
                    return _answer(decision.payment)
        raise ProviderUnavailable("the customer's account is being changed by too many at once")


def _payment(request: PaymentRequest, customer_id: str) -> InvoicePayment:
    return InvoicePayment(
        order_id=request.order_id,
        customer_id=customer_id,
        amount_cents=request.amount_cents,
        currency=request.currency,
        fingerprint=request.fingerprint,
        state=PaymentState.HELD,
    )


def _is_made_or_credited(found: Found, decision: Change) -> bool:
    is_made = found.payment is None and decision.payment.was_held
    return is_made or decision.payment.state is PaymentState.CREDITED


def _listed(payment: InvoicePayment, changed_at: datetime) -> ProviderPayment:
    was_invoiced = payment.invoice is not None
    return ProviderPayment(
        provider=INVOICE,
        payment_id=payment.payment_id,
        order_id=payment.order_id,
        currency=payment.currency,
        amount_cents=payment.amount_cents,
        held_cents=payment.amount_cents if payment.state is PaymentState.HELD else 0,
        captured_cents=payment.amount_cents if was_invoiced else 0,
        refunded_cents=payment.amount_cents if payment.state is PaymentState.CREDITED else 0,
        has_ended=payment.state is not PaymentState.HELD,
        changed_at=changed_at,
    )


def _customer(payment_id: str) -> str:
    return payment_id.rpartition(INVOICE_ID_SEPARATOR)[0]


def _authorised(known: InvoicePayment, wanted: InvoicePayment) -> StepResult:
    if known.fingerprint != wanted.fingerprint:
        return _faulted("idempotency_conflict")
    return _cancelled(known) if known.state in _ENDED else StepResult(reference=known.payment_id)


def _answer(payment: InvoicePayment) -> StepResult:
    """Return the answer to the request that has just changed a payment."""
    return _compensated(payment) if payment.state in _ENDED else StepResult(reference=payment.payment_id)


def _compensated(payment: InvoicePayment) -> StepResult:
    if payment.state is PaymentState.CREDITED:
        return StepResult(reference=payment.payment_id, message=REFUNDED)
    message = VOIDED if payment.was_held else NOTHING_TO_COMPENSATE
    return StepResult(reference=payment.payment_id, message=message)


def _cancelled(payment: InvoicePayment) -> StepResult:
    return StepResult.refused("payment_cancelled", "the payment was cancelled before", payment.payment_id)


def _faulted(code: str) -> StepResult:
    return StepResult.faulted("payment_request_refused", f"the payment cannot be processed ({code})")


@contextmanager
def _unavailable() -> Iterator[None]:
    """Raise ProviderUnavailable for a store that does not answer: to the saga, the store is the provider."""
    try:
        yield
    except StorageUnavailable as error:
        raise ProviderUnavailable(str(error)) from None
