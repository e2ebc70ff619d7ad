"""Take an order in once, from wherever it comes: price it, tell it from others by a fingerprint, enter it in the order repository.

Entering comes before starting, and only the caller whose entry was the first may start: starting the id of a finished instance
would run the order again.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from adapters.stores.catalogue import CatalogueStore
from adapters.stores.order_repository import OrderRepository
from domain.cards import looks_like_card_number
from domain.ids import new_order_id
from domain.orders.order import Order, OrderPolicy, OrderRequest
from domain.orders.pricing import priced_order
from domain.refusals import OrderIdTaken, OrderNotAcceptable
from domain.workflows.intake import Intake
from services.fingerprints import fingerprint
from settings import Settings


@dataclass(frozen=True, kw_only=True)
class TakenIn:
    """An order that is in the repository. to_start: the order, for the caller who entered it; None for everybody who repeats it."""

    order_id: str
    to_start: Order | None


class OrderIntake:
    """Takes orders in under the shop's settings of today."""

    def __init__(self, book: OrderRepository, catalogue: CatalogueStore, settings: Settings) -> None:
        self._book = book
        self._catalogue = catalogue
        self._settings = settings

    def take_in(self, request: OrderRequest, chosen_id: str | None, now: datetime) -> TakenIn:
        """Enter the order in the repository. chosen_id: the caller's id, if any.

        Raises OrderNotAcceptable when it cannot be priced, OrderIdTaken, and StorageUnavailable.
        """
        mark = order_fingerprint(request)
        order_id = chosen_id or _fresh_order_id(now)
        try:
            order = self._priced(request, order_id, now)
        except OrderNotAcceptable:
            # A repeat is answered as the first was, even when the catalogue has changed since.
            if chosen_id is not None and self._is_entered(chosen_id, mark):
                return TakenIn(order_id=order_id, to_start=None)
            raise
        intake = self._book.accept(order, mark)
        if intake is Intake.CONFLICT:
            raise OrderIdTaken
        return TakenIn(order_id=order_id, to_start=order if intake is Intake.NEW else None)

    def _priced(self, request: OrderRequest, order_id: str, now: datetime) -> Order:
        products = self._catalogue.get_many([line.product_id for line in request.wanted_lines()])
        currency = request.payment.currency or self._settings.currency
        return priced_order(
            request,
            order_id,
            products,
            currency=currency,
            policy=_policy(self._settings, currency),
            now=now,
            limit=self._settings.order_limit,
            shipping=self._settings.shipping,
            providers=self._settings.payment_providers,
        )

    def _is_entered(self, order_id: str, mark: str) -> bool:
        row = self._book.get(order_id)
        return row is not None and row.fingerprint == mark


def order_fingerprint(request: OrderRequest) -> str:
    """Return the fingerprint of an order: the same for both forms of one request, and without the id that it came under."""
    one_form = {"order_id": None, "lines": list(request.wanted_lines()), "product_id": None, "quantity": None}
    return fingerprint(request.model_copy(update=one_form))


def _fresh_order_id(now: datetime) -> str:
    """An id for an order whose caller named none."""
    while True:
        order_id = new_order_id(now, secrets.token_bytes(8))
        # One in some ten thousand would be refused wherever its owner sends it.
        if not looks_like_card_number(order_id):
            return order_id


def _policy(settings: Settings, currency: str) -> OrderPolicy:
    return OrderPolicy(
        approval_threshold_cents=settings.approval_threshold.for_currency(currency).amount,
        approval_timeout_s=int(settings.approval_timeout.total_seconds()),
        approval_reminder_s=int(settings.approval_reminder.total_seconds()),
        capture=settings.capture,
        namespace=settings.namespace,
        label_percent=settings.label_percent,
        label_limit_cents=settings.label_limit.for_currency(currency).amount,
    )
