"""The mark by which a payment at Stripe is known as one order's own, and compared.

An account may be used by other programs, whose orders may have the same ids. And a search also finds what is only similar: Stripe
compares without case (https://docs.stripe.com/search#search-query-language). So nothing that was found counts before every part of
its mark, its amount and its currency equal the request's.
"""

from collections.abc import Mapping
from typing import Final, Protocol

from domain.cards import looks_like_card_number
from domain.payments.payment import PaymentRequest
from domain.text import shown_line

_NAMESPACE: Final = "durable_orders_namespace"
_ORDER: Final = "durable_orders_order_id"
_FINGERPRINT: Final = "durable_orders_fingerprint"
_MAX_VALUE_CHARS: Final = 500  # of Stripe's metadata


class Marked(Protocol):
    """A payment at Stripe, as far as it is compared with a request."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Return what it was marked with."""
        ...

    @property
    def amount(self) -> int:
        """Return its amount, in the smallest unit."""
        ...

    @property
    def currency(self) -> str:
        """Return its currency, in lower case."""
        ...


def metadata_of(request: PaymentRequest) -> dict[str, str]:
    """Return the metadata of a new payment. `order_id` is for people who read the dashboard; nothing is decided by it."""
    return {"order_id": request.order_id, **_mark(request)}


def query_of(request: PaymentRequest) -> str:
    """Return the search for what may be the request's payment."""
    # Letters, digits, dashes and underscores: nothing that could end the quotation.
    return f"metadata['order_id']:'{request.order_id}' AND metadata['{_FINGERPRINT}']:'{request.fingerprint}'"


def is_of(request: PaymentRequest, payment: Marked) -> bool:
    """Return whether the payment is the request's own, and no other one's."""
    carried = {key: payment.metadata[key] for key in (_NAMESPACE, _ORDER, _FINGERPRINT) if key in payment.metadata}
    return carried == _mark(request) and payment.amount == request.amount_cents and payment.currency == request.currency


def is_anothers(request: PaymentRequest, payment: Marked) -> bool:
    """Return whether the payment carries a mark that is not the request's."""
    return any(payment.metadata.get(key, value) != value for key, value in _mark(request).items())


def marked_order(namespace: str, metadata: Mapping[str, str]) -> str | None:
    """Return the order that a payment of this namespace is marked with; None for a payment without its mark.

    Users of the account may change the mark: a text that no order can have as its id is returned as it may be shown.
    """
    order_id = metadata.get(_ORDER)
    if order_id is None or metadata.get(_NAMESPACE, "") != namespace:
        return None
    if looks_like_card_number(order_id):
        return "(may hold a card number)"
    return shown_line(order_id, _MAX_VALUE_CHARS)


def _mark(request: PaymentRequest) -> dict[str, str]:
    parts = {_NAMESPACE: request.namespace, _ORDER: request.order_id, _FINGERPRINT: request.fingerprint}
    # To Stripe an empty value is none.
    return {key: value for key, value in parts.items() if value}
