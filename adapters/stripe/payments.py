"""Authorise, capture and cancel through Stripe: never a second charge, never an unreversed one.

A payment is made in two calls. `create` moves no money, so it may be sent again until it is answered, also by the compensation,
which thereby finds the same payment. `confirm` moves money once at most, because a payment that is confirmed cannot be confirmed
again, and one that is cancelled not at all. So the payment's own state shows what became of a call, and a cancelled payment is a
barrier against everything that arrives late.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, Self, get_args

from adapters.stripe import verdicts
from adapters.stripe.errors import AccessRefused, CardRefused, KeyMisused, KeySpent, RequestRefused
from adapters.stripe.gateway import ANSWER_TIMEOUT_S, Intent, IntentStatus, Refund, StripeGateway
from adapters.stripe.keys import keys_of, may_be_forgotten
from adapters.stripe.listing import StripeListing
from adapters.stripe.lookup import StripeLookup
from adapters.stripe.mark import is_anothers
from domain.errors import ProviderUnavailable
from domain.ids import PaymentOperation
from domain.page import Page
from domain.payments.listing import FindPayment, ListPayments, ProviderPayment
from domain.payments.payment import REFUNDED, VOIDED, CancelPaymentRequest, CaptureRequest, PaymentRequest
from domain.workflows.commands import NOTHING_TO_COMPENSATE
from domain.workflows.steps import StepResult

Verdict = Callable[[Intent], StepResult | None]

_COMPENSATED: Final = (NOTHING_TO_COMPENSATE, VOIDED, REFUNDED)


class StripePayments:
    """A `domain.ports.PaymentProvider`. Every method raises ProviderUnavailable when the same request is worth sending again."""

    def __init__(self, gateway: StripeGateway) -> None:
        self._stripe = gateway
        self._lookup = StripeLookup(gateway)
        self._listing = StripeListing(gateway)

    @classmethod
    def connect(cls, api_key: str, api_base: str | None, answer_s: float = ANSWER_TIMEOUT_S) -> Self:
        """Connect to Stripe. api_base: None for Stripe's own. answer_s: how long to wait for an answer."""
        return cls(StripeGateway.connect(api_key, api_base, answer_s))

    def authorise(self, request: PaymentRequest) -> StepResult:
        """Secure the money: hold it, or take it where the request demands it. The reference is the payment's id.

        Refused: payment_declined, action_required, payment_method_invalid, amount_not_chargeable, payment_cancelled.
        """
        if request.payment_method is None:
            return verdicts.no_method()
        try:
            payment_id = self._made(request)
        except CardRefused as refusal:
            return verdicts.declined(refusal.code)
        except RequestRefused as refusal:
            return verdicts.not_made(refusal)
        except KeyMisused:
            return verdicts.faulted("idempotency_conflict")
        confirm = partial(self._stripe.confirm, payment_id)
        verdict = partial(verdicts.authorised, request)
        return self._carry_out(keys_of(request, "authorise"), "authorise", payment_id, confirm, verdict)

    def capture(self, request: CaptureRequest) -> StepResult:
        """Take the money that is held. Refused: authorisation_expired, payment_cancelled, payment_declined."""
        take = partial(self._stripe.capture, request.payment_id, request.amount_cents)
        verdict = partial(verdicts.captured, request)
        return self._carry_out(keys_of(request, "capture"), "capture", request.payment_id, take, verdict)

    def cancel(self, request: CancelPaymentRequest) -> StepResult:
        """Leave the customer's money as it was. The message says how: voided, refunded or nothing_to_compensate."""
        payment = request.payment
        try:
            found = self._to_be_compensated(request)
            if any(is_anothers(payment, intent) for intent in found):
                return verdicts.faulted("payment_of_another_order")
            results = [self._cancel_one(payment, intent) for intent in found]
        except RequestRefused as refusal:
            return verdicts.faulted(refusal.code)
        return max(results, key=_weight, default=StepResult(message=NOTHING_TO_COMPENSATE))

    def list_payments(self, wanted: ListPayments) -> Page[ProviderPayment]:
        """Return a page of the shop's payments. Raises ProviderRefused when Stripe does not list them for this key."""
        return self._listing.page(wanted)

    def find_payment(self, wanted: FindPayment) -> ProviderPayment | None:
        """Return one payment as it is now; None when there is none with the shop's mark."""
        return self._listing.find(wanted)

    # -- one step of one payment, whatever became of the call

    def _carry_out(
        self,
        keys: Iterator[str],
        operation: PaymentOperation,
        payment_id: str,
        act: Callable[[str], Intent],
        verdict: Verdict,
    ) -> StepResult:
        """Act, and let the payment's state decide how that ended. act: takes an idempotency key.

        Another key is tried only when Stripe keeps a failure under this one *and* the payment shows that nothing was done.
        """
        has_polled = False
        for key in keys:
            refusal: RequestRefused | KeyMisused | None = None
            result: StepResult | None = None
            try:
                intent = act(key)
                # A kept answer may be as old as its key: the payment as it is now decides.
                result = None if intent.is_kept else verdict(intent)
            except CardRefused as declined:
                return verdicts.declined(declined.code, payment_id)
            except KeySpent:
                if has_polled:
                    continue  # what is kept under several keys has changed nothing since
            except RequestRefused as refused:
                refusal = None if refused.is_kept else refused
            except KeyMisused as misused:
                # The key belongs to another payment of this order. To authorise a second one is what must never happen;
                # to cancel, say, a second one is right.
                refusal = misused if operation == "authorise" else None
            result = result or self._poll(payment_id, verdict)
            has_polled = True
            if result is not None:
                return result
            if refusal is not None:
                return verdicts.not_done(refusal, payment_id)
        raise ProviderUnavailable(f"the payment provider fails to {operation}, again and again")

    def _poll(self, payment_id: str, verdict: Verdict) -> StepResult | None:
        try:
            intent = self._stripe.retrieve(payment_id)
        except RequestRefused as refusal:
            return verdicts.faulted(refusal.code)
        if intent.status == "processing":
            raise ProviderUnavailable("the payment is still being processed")
        return verdict(intent)

    # -- finding the order's payment

    def _made(self, request: PaymentRequest) -> str:
        """Return the id of the order's payment, which is made if there is none.

        Raises KeyMisused when the order's key belongs to what is not its payment.
        """
        found = self._lookup.find(request) if may_be_forgotten(request) else []
        if found:
            return _furthest(found).id
        try:
            return self._create(request)
        except KeyMisused:
            found = self._described_differently(request)
            if not found:
                raise
            return _furthest(found).id

    def _create(self, request: PaymentRequest) -> str:
        for key in keys_of(request, "create"):
            try:
                return self._stripe.create(request, key).id
            except KeySpent:
                continue  # a payment that was made after all is never confirmed
        raise ProviderUnavailable("the payment provider fails to make the payment, again and again")

    def _described_differently(self, request: PaymentRequest) -> list[Intent]:
        """Return the payments of an order whose key is used up: made by another release, say, which described them differently.

        None: another program, or an earlier order of this id, has used the key.
        """
        return self._lookup.find(request) or self._lookup.find_all(request)

    def _to_be_compensated(self, request: CancelPaymentRequest) -> Sequence[Intent]:
        """Return the order's payments as they are now. One that was never made is made, to be cancelled: a barrier."""
        if request.payment_id is not None:
            return [self._stripe.retrieve(request.payment_id)]
        payment = request.payment
        found = self._lookup.find(payment) if may_be_forgotten(payment) else []
        try:
            payment_id = self._create(payment)
        except KeyMisused:
            return found or self._described_differently(payment)
        except AccessRefused:
            raise
        except (CardRefused, RequestRefused):
            return found  # Stripe does not take such a payment now, and did not under this key before
        return [*(intent for intent in found if intent.id != payment_id), self._stripe.retrieve(payment_id)]

    # -- compensating one payment

    def _cancel_one(self, request: PaymentRequest, intent: Intent) -> StepResult:
        if intent.status == "succeeded":
            return self._refund(request, intent)
        if intent.status == "canceled":
            return verdicts.over(intent.latest_charge is not None and intent.last_payment_error is None, intent)
        cancel = partial(self._stripe.cancel, intent.id)
        verdict = partial(verdicts.voided, intent.status == "requires_capture")
        return self._carry_out(keys_of(request, "void"), "void", intent.id, cancel, verdict)

    def _refund(self, request: PaymentRequest, intent: Intent) -> StepResult:
        """Pay back what was taken and not yet paid back. Stripe's list of refunds decides, not the answer to a request."""
        keys = keys_of(request, "refund")
        while (left := self._left_to_refund(intent)) > 0:
            try:
                self._pay_back(intent, left, keys)
            except (RequestRefused, CardRefused) as refusal:
                if self._left_to_refund(intent) > 0:  # else it was paid back by another request meanwhile
                    return verdicts.faulted(refusal.code)
        return verdicts.refunded(intent)

    def _pay_back(self, intent: Intent, amount: int, keys: Iterator[str]) -> None:
        """Ask for a refund, under the first of the keys that was not used up before."""
        for key in keys:
            try:
                self._stripe.refund(intent.id, amount, key)
                return
            except (KeySpent, KeyMisused):
                continue
            except RequestRefused as refusal:
                if not refusal.is_kept:
                    raise
        raise ProviderUnavailable("the payment provider fails to refund, again and again")

    def _left_to_refund(self, intent: Intent) -> int:
        refunds = [refund for refund in self._stripe.refunds(intent.id) if _pays_back(refund, intent)]
        if any(refund.status in ("pending", "requires_action") for refund in refunds):
            raise ProviderUnavailable("a refund is under way, and not yet certain")
        return intent.amount_received - sum(refund.amount for refund in refunds if refund.status == "succeeded")


def _pays_back(refund: Refund, intent: Intent) -> bool:
    return refund.payment_intent in (None, intent.id) and refund.currency in (None, intent.currency)


def _weight(compensated: StepResult) -> int:
    """Return how much one of several payments' answers counts: most, that something is not compensated."""
    return _COMPENSATED.index(compensated.message) if compensated.message in _COMPENSATED else len(_COMPENSATED)


def _furthest(intents: Sequence[Intent]) -> Intent:
    return max(intents, key=lambda intent: get_args(IntentStatus).index(intent.status))
