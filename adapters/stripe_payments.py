"""Authorise, capture and cancel through Stripe: never a second charge, never an unreversed one.

A payment is made in two calls. `create` moves no money, so it may be sent again until it is answered, also by the undo, which
thereby gets hold of the same payment; `confirm` moves money once at most, because a payment that is confirmed cannot be
confirmed again and one that is cancelled cannot be confirmed any more. So whatever became of a call, the payment's own state
tells it, and a cancelled payment is a barrier against everything that arrives late.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, Self

from adapters.stripe_errors import AccessRefused, CardRefused, KeyMisused, KeySpent, RequestRefused
from adapters.stripe_gateway import ANSWER_S, Intent, StripeGateway
from domain.errors import ProviderUnavailable
from domain.ids import PaymentOperation, payment_key
from domain.payment import CancelPaymentRequest, CaptureRequest, PaymentRequest
from domain.steps import StepResult

Judge = Callable[[Intent], StepResult | None]

# Stripe forgets idempotency keys after 24 hours at the earliest; a repeat of an older `create` would make a second payment.
_KEYS_ARE_KNOWN_FOR: Final = timedelta(hours=23)
# More than this many of Stripe's own failures, each kept under its key, are no accident any more.
_KEYS_PER_OPERATION: Final = 3
_LAPSED: Final = frozenset({"automatic", "expired"})
_NOT_CHARGEABLE: Final = frozenset({"amount_too_small", "amount_too_large"})
# How far a payment got, for choosing among several.
_PROGRESS: Final = (
    "canceled",
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
)
_UNDONE: Final = ("nothing_to_undo", "voided", "refunded")


class StripePayments:
    """Every method raises ProviderUnavailable when the same request is worth sending again."""

    def __init__(self, gateway: StripeGateway) -> None:
        self._stripe = gateway

    @classmethod
    def connect(cls, api_key: str, api_base: str | None, answer_s: float = ANSWER_S) -> Self:
        """api_base: None for Stripe's own. answer_s: how long to wait for an answer."""
        return cls(StripeGateway.connect(api_key, api_base, answer_s))

    def authorise(self, request: PaymentRequest) -> StepResult:
        """Make sure of the money: hold it, or take it where the request says so. The reference is the payment's id.

        Refused: payment_declined, action_required, payment_method_invalid, amount_not_chargeable, payment_cancelled.
        """
        try:
            payment_id = self._made(request)
        except CardRefused as refusal:
            return _declined(refusal.code)
        except RequestRefused as refusal:
            return _not_made(refusal)
        confirm = partial(self._stripe.confirm, payment_id)
        return self._carry_out(request.order_id, "authorise", payment_id, confirm, partial(_authorised, request))

    def capture(self, request: CaptureRequest) -> StepResult:
        """Take the money that is held. Refused: authorisation_expired, payment_cancelled, payment_declined."""
        take = partial(self._stripe.capture, request.payment_id, request.amount_cents)
        return self._carry_out(request.order_id, "capture", request.payment_id, take, partial(_captured, request))

    def cancel(self, request: CancelPaymentRequest) -> StepResult:
        """Leave the customer's money as it was. The message says how: voided, refunded or nothing_to_undo."""
        order_id = request.payment.order_id
        try:
            results = [self._cancel_one(order_id, intent) for intent in self._to_be_undone(request)]
        except RequestRefused as refusal:
            return _faulted(refusal.code)
        return max(results, key=_undone, default=StepResult(message="nothing_to_undo"))

    # -- one payment, whatever became of the call

    def _carry_out(
        self,
        order_id: str,
        operation: PaymentOperation,
        payment_id: str,
        act: Callable[[str], Intent],
        judge: Judge,
    ) -> StepResult:
        """Act, and let the payment's state say how that ended. act: takes a key. judge: None while it is not done.

        Another key is only tried once Stripe keeps a failure under the first one *and* the payment shows that nothing was done.
        """
        for key in _keys(order_id, operation):
            refusal: RequestRefused | KeyMisused | None = None
            try:
                result = judge(act(key))
            except CardRefused as refused:
                return _declined(refused.code, payment_id)
            except KeySpent:
                result = None
            except (RequestRefused, KeyMisused) as refused:
                result, refusal = None, refused
            # A kept answer may be as old as its key: what it leaves open, the payment as it is now decides.
            result = result or self._look(payment_id, judge)
            if result is not None:
                return result
            if refusal is not None:
                return _not_done(refusal)
        raise ProviderUnavailable(f"the payment provider fails to {operation}, again and again")

    def _look(self, payment_id: str, judge: Judge) -> StepResult | None:
        try:
            intent = self._stripe.retrieve(payment_id)
        except RequestRefused as refusal:
            return _faulted(refusal.code)
        if intent.status == "processing":
            raise ProviderUnavailable("the payment is still being processed")
        return judge(intent)

    # -- finding the order's payment

    def _made(self, request: PaymentRequest) -> str:
        """The id of the order's payment, which is made if there is none."""
        if _keys_may_be_forgotten(request):
            found = self._stripe.search(request.order_id)
            if found:
                return _furthest(found).id
        try:
            return self._create(request)
        except KeyMisused:
            # Made before, by a release that described it differently.
            return _furthest(self._searched(request)).id

    def _create(self, request: PaymentRequest) -> str:
        for key in _keys(request.order_id, "create"):
            try:
                return self._stripe.create(request, key).id
            except KeySpent:
                continue  # if that one was made after all, nobody will ever confirm it
        raise ProviderUnavailable("the payment provider fails to create the payment, again and again")

    def _searched(self, request: PaymentRequest) -> list[Intent]:
        found = self._stripe.search(request.order_id)
        if not found:
            raise ProviderUnavailable("the payment provider's index does not know the payment yet")
        return found

    def _to_be_undone(self, request: CancelPaymentRequest) -> Sequence[Intent]:
        """The order's payments, as they are now. A payment whose request never arrived is made, to be cancelled as a barrier."""
        if request.payment_id is not None:
            return [self._stripe.retrieve(request.payment_id)]
        payment = request.payment
        found = self._stripe.search(payment.order_id) if _keys_may_be_forgotten(payment) else []
        if found:
            return found
        try:
            return [self._stripe.retrieve(self._create(payment))]
        except KeyMisused:
            return self._searched(payment)
        except AccessRefused:
            raise
        except (CardRefused, RequestRefused):
            return []  # Stripe does not take such a payment, so there is none

    # -- undoing one payment

    def _cancel_one(self, order_id: str, intent: Intent) -> StepResult:
        if intent.status == "succeeded":
            return self._refund(order_id, intent)
        held = intent.status == "requires_capture"
        if intent.status == "canceled":
            return _ended(intent, held=intent.latest_charge is not None and intent.last_payment_error is None)
        act = partial(self._stripe.cancel, intent.id)
        return self._carry_out(order_id, "void", intent.id, act, partial(_voided, held=held))

    def _refund(self, order_id: str, intent: Intent) -> StepResult:
        """Pay back what was taken and not yet paid back. Stripe's list of refunds decides, not the answer to a request."""
        for key in _keys(order_id, "refund"):
            left = self._left_to_refund(intent)
            if left <= 0:
                return StepResult(reference=intent.id, message="refunded")
            try:
                self._stripe.refund(intent.id, left, key)
            except (KeySpent, KeyMisused):
                continue
            except RequestRefused as refusal:
                return self._refund_refused(intent, refusal)
        if self._left_to_refund(intent) <= 0:
            return StepResult(reference=intent.id, message="refunded")
        raise ProviderUnavailable("the payment provider fails to refund, again and again")

    def _refund_refused(self, intent: Intent, refusal: RequestRefused) -> StepResult:
        """Somebody else may have paid it back meanwhile."""
        if self._left_to_refund(intent) <= 0:
            return StepResult(reference=intent.id, message="refunded")
        return _faulted(refusal.code)

    def _left_to_refund(self, intent: Intent) -> int:
        refunds = self._stripe.refunds(intent.id)
        if any(refund.status in ("pending", "requires_action") for refund in refunds):
            raise ProviderUnavailable("a refund is under way, and not yet certain")
        return intent.amount_received - sum(refund.amount for refund in refunds if refund.status == "succeeded")


# -- what a payment's state means


def _authorised(request: PaymentRequest, intent: Intent) -> StepResult | None:
    if (intent.amount, intent.currency) != (request.amount_cents, request.currency):
        return _faulted("amount_differs")
    match intent.status:
        case "requires_capture" | "succeeded":
            return _sufficient(intent, max(intent.amount_capturable, intent.amount_received), request.amount_cents)
        case "requires_action":
            message = "the customer's bank asks for an authentication"
            return StepResult.refused("action_required", message, intent.id)
        case "canceled":
            return StepResult.refused("payment_cancelled", "the payment was cancelled before", intent.id)
        case "requires_payment_method" if intent.last_payment_error is not None:
            error = intent.last_payment_error
            return _declined(error.decline_code or error.code or "unknown", intent.id)
    return None


def _captured(request: CaptureRequest, intent: Intent) -> StepResult | None:
    match intent.status:
        case "succeeded":
            return _sufficient(intent, intent.amount_received, request.amount_cents)
        case "canceled" if intent.cancellation_reason in _LAPSED:
            return _lapsed(intent.id)
        case "canceled":
            return StepResult.refused("payment_cancelled", "the payment was cancelled before", intent.id)
        case "requires_capture" | "processing":
            return None
    return _faulted("not_authorised")


def _voided(intent: Intent, *, held: bool) -> StepResult | None:
    if intent.status == "succeeded":
        raise ProviderUnavailable("the payment was captured meanwhile")
    return _ended(intent, held=held) if intent.status == "canceled" else None


def _ended(intent: Intent, *, held: bool) -> StepResult:
    return StepResult(reference=intent.id, message="voided" if held else "nothing_to_undo")


def _sufficient(intent: Intent, secured: int, asked: int) -> StepResult:
    return StepResult(reference=intent.id) if secured == asked else _faulted("amount_differs")


def _lapsed(payment_id: str | None = None) -> StepResult:
    return StepResult.refused("authorisation_expired", "the bank has given the held money back", payment_id)


def _declined(code: str, payment_id: str | None = None) -> StepResult:
    if code == "authentication_required":
        return StepResult.refused("action_required", "the customer's bank asks for an authentication", payment_id)
    return StepResult.refused("payment_declined", f"the card was declined ({code})", payment_id)


def _not_made(refusal: RequestRefused) -> StepResult:
    if refusal.param == "payment_method":
        return StepResult.refused("payment_method_invalid", "the payment provider does not know this payment method")
    if refusal.code in _NOT_CHARGEABLE:
        return StepResult.refused(
            "amount_not_chargeable", f"the payment provider does not take this amount ({refusal.code})"
        )
    return _faulted(refusal.code)


def _not_done(refusal: RequestRefused | KeyMisused) -> StepResult:
    if isinstance(refusal, KeyMisused):
        return _faulted("idempotency_conflict")
    return _lapsed() if refusal.code == "charge_expired_for_capture" else _faulted(refusal.code)


def _faulted(code: str) -> StepResult:
    return StepResult.faulted("payment_request_refused", f"the payment provider refused the request ({code})")


# -- small matters


def _keys(order_id: str, operation: PaymentOperation) -> Iterator[str]:
    """`o-1:capture`, then `o-1:capture.2`, …: the same sequence for whoever asks."""
    key = payment_key(order_id, operation)
    yield key
    yield from (f"{key}.{number}" for number in range(2, _KEYS_PER_OPERATION + 1))


def _keys_may_be_forgotten(request: PaymentRequest) -> bool:
    return datetime.now(UTC) - request.placed_at > _KEYS_ARE_KNOWN_FOR


def _furthest(intents: Sequence[Intent]) -> Intent:
    return max(intents, key=lambda intent: _PROGRESS.index(intent.status))


def _undone(result: StepResult) -> int:
    return _UNDONE.index(result.message) if result.message in _UNDONE else len(_UNDONE)
