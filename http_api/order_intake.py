"""Take an order in once: find its id, tell it from others by a fingerprint, and enter it in the order book.

Entering comes before starting, and only the caller whose entry was the first may start: starting the id of a finished instance
would run the order again.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from adapters.catalogue_store import CatalogueStore
from adapters.order_book import Accepted, Conflict, OrderBook
from domain.cards import looks_like_card_number
from domain.ids import new_order_id, order_id_for_key
from domain.order import Order, OrderRequest
from http_api.order_pricing import priced_order
from http_api.problems import Problem, conflict, invalid_field
from settings import Settings


@dataclass(frozen=True, kw_only=True)
class Intake:
    """An order that is in the book. to_start: the order, for the caller who entered it; None for everybody who repeats it."""

    order_id: str
    to_start: Order | None


def take_in(
    request: OrderRequest,
    chosen_id: str | None,
    *,
    book: OrderBook,
    catalogue: CatalogueStore,
    settings: Settings,
    now: datetime,
) -> Intake:
    """Enter the order in the book. chosen_id: the caller's id, if any.

    Raises Problem: 422 when it cannot be priced, 409 when its id belongs to another order; and StorageUnavailable.
    """
    mark = fingerprint(request)
    order_id = chosen_id or _fresh_order_id(now)
    products = catalogue.get_many([line.product_id for line in request.wanted_lines()])
    try:
        order = priced_order(request, order_id, products, settings, now)
    except Problem:
        # A repeat is answered as the first was, even when the catalogue has changed since.
        if chosen_id is not None and _is_entered(book, chosen_id, mark):
            return Intake(order_id=order_id, to_start=None)
        raise
    outcome = book.accept(order, mark)
    if isinstance(outcome, Conflict):
        raise conflict("order_id_taken", "Another order has this id: the same id was sent with another body before.")
    return Intake(order_id=order_id, to_start=order if isinstance(outcome, Accepted) else None)


def _is_entered(book: OrderBook, order_id: str, mark: str) -> bool:
    row = book.get(order_id)
    return row is not None and row.fingerprint == mark


def named_order_id(request: OrderRequest, idempotency_key: str | None) -> str | None:
    """The id that the caller chose, in the body or by `Idempotency-Key`; None when we are to choose.

    Raises Problem (422) when both are given and differ: the two could then promise different things of a repeat.
    """
    if idempotency_key is None or idempotency_key == request.order_id:
        return request.order_id
    if request.order_id is not None:
        raise invalid_field(
            "Idempotency-Key", "differs_from_order_id", "Give the same text as order_id, or one of them"
        )
    return order_id_for_key(idempotency_key)


def _fresh_order_id(now: datetime) -> str:
    """An id for an order whose caller named none."""
    while True:
        order_id = new_order_id(now, secrets.token_bytes(8))
        # One in some ten thousand would be refused wherever its owner sends it.
        if not looks_like_card_number(order_id):
            return order_id


def fingerprint(request: OrderRequest) -> str:
    """SHA-256 of what the request asks for: the same for both forms of one wish, and without the id it is asked under."""
    wish = request.to_wire()
    lines = [line.to_wire() for line in request.wanted_lines()]
    asked = {key: wish[key] for key in ("customer_id", "payment", "ship_to", "email")} | {"lines": lines}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
