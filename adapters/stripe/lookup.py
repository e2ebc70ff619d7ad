"""Find the payments of an order at Stripe when their ids are not known.

Search is fast, but its index may be up to an hour behind, and some accounts have no search at all
(https://docs.stripe.com/search#data-freshness). Stripe's lists are never behind; they are long, so they are read from the time
on at which the order was placed.
"""

from datetime import timedelta
from typing import Final

from adapters.stripe.errors import RequestRefused
from adapters.stripe.gateway import Intent, StripeGateway
from adapters.stripe.mark import is_of, query_of
from domain.payments.payment import PaymentRequest

# Our clock and Stripe's may differ.
_CLOCK_TOLERANCE: Final = timedelta(minutes=10)


class StripeLookup:
    """Every method gives the order's own payments as they are now, and raises what the gateway does."""

    def __init__(self, gateway: StripeGateway) -> None:
        self._stripe = gateway

    def find(self, request: PaymentRequest) -> list[Intent]:
        """Find payments that were made more than an hour ago, wherever the account can be searched; else all."""
        try:
            hits = self._stripe.search(query_of(request))
        except RequestRefused:
            # "The search feature is temporarily unavailable in your region", or not allowed to this key.
            return self.find_all(request)
        # The index may remember an earlier state.
        return [self._stripe.retrieve(hit.id) for hit in hits if is_of(request, hit)]

    def find_all(self, request: PaymentRequest) -> list[Intent]:
        """Find all payments, also those of this moment."""
        return [made for made in self._stripe.list_since(request.placed_at - _CLOCK_TOLERANCE) if is_of(request, made)]
