"""Touch a product's entity past the orders that would."""

import json
from datetime import UTC, datetime, timedelta

from domain.ids import INVENTORY_ENTITY
from domain.inventory import ReserveRequest
from tests.support.shop import Shop


async def reserve(
    shop: Shop, product_id: str, order_id: str, *, quantity: int, lasts: timedelta = timedelta(days=1)
) -> None:
    """Hold units for an order. lasts: from now; negative for a reservation that has run out."""
    now = datetime.now(UTC)
    request = ReserveRequest(order_id=order_id, quantity=quantity, expires_at=now + lasts, now=now)
    # Client libraries encode an input twice.
    text = json.dumps(json.dumps(request.to_wire()))
    await shop.host.operations.signal_entity(INVENTORY_ENTITY, product_id, "reserve", text)
    await shop.host.until_idle()
