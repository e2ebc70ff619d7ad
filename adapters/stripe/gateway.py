"""Stripe's API as far as we use it: one method per call, plain values in and out, our key on every write.

Retries are none of its business: they belong to the orchestrations, where they are durable, counted and visible.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from adapters.stripe.detailed import DetailedIntent, DetailedRefund
from adapters.stripe.errors import RequestRefused, is_replay, stripe_errors
from adapters.stripe.mark import metadata_of
from adapters.web.sessions import new_provider_session
from domain.errors import ProviderUnavailable
from domain.payments.payment import PaymentRequest

if TYPE_CHECKING:
    from stripe import RequestOptions, StripeClient, StripeObject
    from stripe.params import PaymentIntentCreateParams, PaymentIntentListParams, RefundListParams

# An issuer may take its time over an authorisation; the whole activity has to end within the host's limit.
_CONNECT_TIMEOUT_S: Final = 5.0
ANSWER_TIMEOUT_S: Final = 20.0
_PAGE_SIZE: Final = 100
# The activity has to end within the host's limit: some 200 pages.
_MAX_LISTED: Final = 20_000

IntentStatus = Literal[
    "canceled",
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
]
"""In the order of how far a payment got."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    @classmethod
    def read(cls, answer: "StripeObject") -> Self:
        return cls.model_validate(answer.to_dict() | {"is_kept": _is_kept(answer)})


class PaymentError(_Answer):
    """Why the last attempt to charge failed."""

    code: str | None = None
    decline_code: str | None = None


class Intent(_Answer):
    """A PaymentIntent. amounts: in the smallest unit of `currency`.

    is_kept: this was the first answer to its idempotency key, however long ago, and the payment may have moved on.
    """

    is_kept: bool
    id: str
    status: IntentStatus
    amount: int
    currency: str
    amount_capturable: int = 0
    amount_received: int = 0
    metadata: Mapping[str, str] = Field(default_factory=dict)
    latest_charge: str | None = None
    cancellation_reason: str | None = None
    last_payment_error: PaymentError | None = None


class Refund(_Answer):
    """A refund. payment_intent: the payment that is paid back; None when the answer does not name it."""

    amount: int
    currency: str | None = None
    payment_intent: str | None = None
    status: Literal["pending", "requires_action", "succeeded", "failed", "canceled"]


class StripeGateway:
    """Every method raises ProviderUnavailable and the errors of `adapters.stripe.errors`."""

    def __init__(self, client: "StripeClient") -> None:
        self._client = client.v1

    @classmethod
    def connect(cls, api_key: str, api_base: str | None, answer_s: float = ANSWER_TIMEOUT_S) -> Self:
        """Connect to Stripe. api_base: None for Stripe's own. answer_s: how long to wait for an answer."""
        import stripe
        from stripe import RequestsClient, StripeClient

        session = new_provider_session()
        if session.verify is not True:
            # A company's own, from the environment. Else the SDK asks for the certificates that come with it.
            stripe.ca_bundle_path = str(session.verify)
        # At INFO it repeats Stripe's error messages, which may repeat what they are about.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        client = StripeClient(
            api_key,
            base_addresses={"api": api_base} if api_base else {},
            max_network_retries=0,
            http_client=RequestsClient(timeout=(_CONNECT_TIMEOUT_S, answer_s), session=session),
        )
        return cls(client)

    def create(self, request: PaymentRequest, key: str) -> Intent:
        """Make a payment that moves no money before it is confirmed. A repeat gives it as it was when it was made."""
        with stripe_errors():
            return Intent.read(self._client.payment_intents.create(_creation(request), _keyed(key)))

    def confirm(self, payment_id: str, key: str) -> Intent:
        """Confirm a payment: hold the money, or take it at once where the payment was made so."""
        with stripe_errors():
            return _of(payment_id, self._client.payment_intents.confirm(payment_id, {}, _keyed(key)))

    def capture(self, payment_id: str, amount: int, key: str) -> Intent:
        """Take money that is held."""
        with stripe_errors():
            answer = self._client.payment_intents.capture(payment_id, {"amount_to_capture": amount}, _keyed(key))
            return _of(payment_id, answer)

    def cancel(self, payment_id: str, key: str) -> Intent:
        """Cancel a payment that has taken no money."""
        with stripe_errors():
            return _of(payment_id, self._client.payment_intents.cancel(payment_id, {}, _keyed(key)))

    def refund(self, payment_id: str, amount: int, key: str) -> Refund:
        """Ask for a refund."""
        with stripe_errors():
            answer = self._client.refunds.create({"payment_intent": payment_id, "amount": amount}, _keyed(key))
            return Refund.read(answer)

    def retrieve(self, payment_id: str) -> Intent:
        """Return the payment as it is now."""
        with stripe_errors():
            return _of(payment_id, self._client.payment_intents.retrieve(payment_id))

    def search(self, query: str) -> list[Intent]:
        """Return what Stripe's index finds, in the state that the index has. It compares without case."""
        with stripe_errors():
            found = self._client.payment_intents.search({"query": query, "limit": _PAGE_SIZE})
            return [_hit(answer) for answer in islice(found.auto_paging_iter(), _MAX_LISTED)]

    def list_since(self, moment: datetime) -> list[Intent]:
        """Return the account's payments since then. Raises RequestRefused when they are too many to be read."""
        with stripe_errors():
            listed = self._client.payment_intents.list(
                {"created": {"gte": int(moment.timestamp())}, "limit": _PAGE_SIZE}
            )
            found = [_hit(answer) for answer in islice(listed.auto_paging_iter(), _MAX_LISTED + 1)]
        if len(found) > _MAX_LISTED:
            raise RequestRefused("too_many_payments_to_look_through")
        return found

    def refunds(self, payment_id: str) -> list[Refund]:
        """Return a payment's refunds, newest first."""
        with stripe_errors():
            found = self._client.refunds.list({"payment_intent": payment_id, "limit": _PAGE_SIZE})
            return [_hit_refund(answer) for answer in islice(found.auto_paging_iter(), _MAX_LISTED)]

    def intents_between(self, since: int, until: int, after: str | None) -> tuple[list[DetailedIntent], bool]:
        """Return a page of the account's payments, newest first, and whether there are more.

        Args:
            since: The first second in which they were made.
            until: The second before which they were made.
            after: The id of the last payment of the page before.
        """
        params: PaymentIntentListParams = {
            "created": {"gte": since, "lt": until},
            "limit": _PAGE_SIZE,
            "expand": ["data.latest_charge"],
        }
        if after is not None:
            params["starting_after"] = after
        with stripe_errors():
            page = self._client.payment_intents.list(params)
            return [DetailedIntent.model_validate(each.to_dict()) for each in page.data], page.has_more

    def refunds_between(self, since: int, until: int, after: str | None) -> tuple[list[DetailedRefund], bool]:
        """Return a page of the account's refunds with their payments, newest first, and whether there are more."""
        params: RefundListParams = {
            "created": {"gte": since, "lt": until},
            "limit": _PAGE_SIZE,
            "expand": ["data.payment_intent", "data.payment_intent.latest_charge"],
        }
        if after is not None:
            params["starting_after"] = after
        with stripe_errors():
            page = self._client.refunds.list(params)
            return [DetailedRefund.model_validate(each.to_dict()) for each in page.data], page.has_more

    def retrieve_detailed(self, payment_id: str) -> DetailedIntent:
        """Return the payment as it is now, with its latest charge."""
        with stripe_errors():
            found = self._client.payment_intents.retrieve(payment_id, {"expand": ["latest_charge"]})
            return DetailedIntent.model_validate(found.to_dict())


def _creation(request: PaymentRequest) -> "PaymentIntentCreateParams":
    params: PaymentIntentCreateParams = {
        "amount": request.amount_cents,
        "currency": request.currency,
        # Cards only: what settles days later, or needs the customer on another page, has no place in this saga.
        "allowed_payment_method_types": ["card"],
        "capture_method": "automatic" if request.capture == "immediate" else "manual",
        "metadata": metadata_of(request),
    }
    if request.payment_method is not None:  # without one it can only be cancelled
        params["payment_method"] = request.payment_method
    return params


def _of(payment_id: str, answer: "StripeObject") -> Intent:
    """Return a payment that was asked about by its id. Raises ProviderUnavailable for another one."""
    intent = Intent.read(answer)
    if intent.id != payment_id:
        raise ProviderUnavailable("the payment provider's answer is about another payment")
    return intent


def _hit(answer: "StripeObject") -> Intent:
    # An item of a list has no headers of its own.
    return Intent.model_validate(answer.to_dict() | {"is_kept": False})


def _hit_refund(answer: "StripeObject") -> Refund:
    return Refund.model_validate(answer.to_dict())


def _is_kept(answer: "StripeObject") -> bool:
    return answer.last_response is not None and is_replay(answer.last_response.headers)


def _keyed(key: str) -> "RequestOptions":
    return {"idempotency_key": key}
