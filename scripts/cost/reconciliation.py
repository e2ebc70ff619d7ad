"""Calculate how many payments a second the reconciliation takes: beyond, it falls behind until there are fewer again."""

from typing import Final

from scripts.cost import limits
from services.payments.provider_comparison import MAX_READ_SPANS

_PAGE_S: Final = 2.0
"""Assumed of a page of payments: it was not measured at Stripe."""

_COMPARED_S: Final = 0.004
"""Assumed of one payment: a read of its order's row."""

RUN_S: Final = 200
"""A run begins no further step after this time; see `triggers.timer.reconcile_payments`."""

INTERVAL_S: Final = 300
"""Of the timer."""


def payments_per_s() -> float:
    """Return how many payments, and ended orders, are compared on average while there are more."""
    read_s = _PAGE_S / (MAX_READ_SPANS * limits.STRIPE_PAGE_PAYMENTS.number)
    return RUN_S / INTERVAL_S / (read_s + _COMPARED_S)
