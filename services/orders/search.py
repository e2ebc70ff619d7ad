"""Find orders by what a person has at hand: an id, an address, a tracking code, whatever kind of word that is."""

import asyncio
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from domain.ids import CustomerId, OrderId, ProductId
from domain.orders.listing import OrderFilter
from domain.payments.payment import PaymentId
from domain.shipping.tracking import TrackingCode
from domain.wire import EmailAddress
from services.container import services
from services.durable.client import DurableClient
from services.orders.status import find_order


class SearchKind(StrEnum):
    """What a search term is."""

    ORDER = "order"
    EMAIL = "email"
    CUSTOMER = "customer"
    PRODUCT = "product"
    TRACKING = "tracking"
    PAYMENT = "payment"


_FORMS: Final[dict[SearchKind, Any]] = {
    SearchKind.ORDER: OrderId,
    SearchKind.EMAIL: EmailAddress,
    SearchKind.TRACKING: TrackingCode,
    SearchKind.PAYMENT: PaymentId,
    SearchKind.CUSTOMER: CustomerId,
    SearchKind.PRODUCT: ProductId,
}
"""In the order in which they are looked up: the one that finds the fewest orders comes first."""

_CONDITIONS: Final = {
    SearchKind.EMAIL: "email",
    SearchKind.TRACKING: "tracking_code",
    SearchKind.PAYMENT: "payment_id",
    SearchKind.CUSTOMER: "customer_id",
    SearchKind.PRODUCT: "product_id",
}


def condition(kind: SearchKind, term: str) -> dict[str, Any] | None:
    """Return the condition of an `OrderFilter` that a search stands for; None when no order could meet it."""
    try:
        value = TypeAdapter(_FORMS[kind]).validate_python(term)
    except ValidationError:
        return None
    return {_CONDITIONS[kind]: value} if kind in _CONDITIONS else {}


async def kind_of_term(client: DurableClient, term: str) -> SearchKind | None:
    """Return what a term is, by what it finds; None when it finds nothing.

    Raises:
        StorageUnavailable: The same search may be made again.
    """
    possible = [kind for kind in _FORMS if condition(kind, term) is not None]
    found = await asyncio.gather(*(_finds(client, kind, term) for kind in possible))
    return next((kind for kind, finds in zip(possible, found, strict=True) if finds), None)


async def _finds(client: DurableClient, kind: SearchKind, term: str) -> bool:
    if kind is SearchKind.ORDER:
        return (await find_order(client, term)).is_known
    wanted = OrderFilter(**(condition(kind, term) or {}))
    page = await asyncio.to_thread(services().order_repository.list, wanted, limit=1)
    return bool(page.items)
