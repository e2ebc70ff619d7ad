"""The idempotency keys of a payment's operations: the same sequence for every caller, and for how long Stripe knows them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.ids import PaymentOperation, payment_key
from domain.payments.payment import CaptureRequest, PaymentRequest

# Stripe forgets idempotency keys after 24 hours at the earliest; an older `create` sent again would make a second payment.
_KEY_RETENTION: Final = timedelta(hours=23)
# Each of Stripe's own failures, kept under its key, costs one. Enough for every attempt of a step and its compensation during an
# outage, and for an operator's after it: with no key left, money would stay where it is until Stripe forgets them.
_MAX_KEYS_PER_OPERATION: Final = 50


def keys_of(request: PaymentRequest | CaptureRequest, operation: PaymentOperation) -> Iterator[str]:
    """Yield `shop.hub.o-1:capture`, then `shop.hub.o-1:capture.2`, …: the same sequence for every caller."""
    key = payment_key(request.order_id, operation, request.namespace)
    yield key
    yield from (f"{key}.{number}" for number in range(2, _MAX_KEYS_PER_OPERATION + 1))


def may_be_forgotten(request: PaymentRequest) -> bool:
    """Return whether Stripe may have forgotten the keys of an order's payment."""
    return datetime.now(UTC) - request.placed_at > _KEY_RETENTION
