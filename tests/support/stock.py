"""Touch a product's entity past the orders that would."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.ids import INVENTORY_ENTITY
from domain.inventory.requests import ReleaseRequest, ReserveRequest
from domain.wire import Wire
from services.container import services
from services.durable.client import DurableClient
from services.durable.entities import read_entity
from tests.support.shop import Shop


async def reserve(
    shop: Shop, product_id: str, order_id: str, *, quantity: int, lasts: timedelta = timedelta(days=1)
) -> None:
    """Hold units for an order. lasts: from now; negative for a reservation that has run out."""
    now = datetime.now(UTC)
    services().inventory_notes.note_expiry(product_id, now + lasts)
    request = ReserveRequest(order_id=order_id, quantity=quantity, expires_at=now + lasts, now=now)
    await signal(shop, product_id, "reserve", request)


async def release(shop: Shop, product_id: str, order_id: str) -> None:
    """Take an order's units away from it."""
    await signal(shop, product_id, "release", ReleaseRequest(order_id=order_id, now=datetime.now(UTC)))


async def signal(shop: Shop, product_id: str, operation: str, request: Wire) -> None:
    """Send an operation and let it happen. product_id: or the key of a shard."""
    await send(shop, product_id, operation, request)
    await shop.host.run_until_idle()


async def send(shop: Shop, product_id: str, operation: str, request: Wire) -> None:
    """Send an operation. product_id: or the key of a shard."""
    # Client libraries encode an input twice.
    text = json.dumps(json.dumps(request.to_wire()))
    await shop.host.operations.signal_entity(INVENTORY_ENTITY, product_id, operation, text)


def break_stock(monkeypatch: pytest.MonkeyPatch, product_id: str) -> None:
    """Have the state of a product's entity read as one that lacks a part."""

    async def read(client: DurableClient, entity: str, key: str) -> Mapping[str, Any] | None:
        state = await read_entity(client, entity, key)
        if state is None or key != product_id:
            return state
        return {name: value for name, value in state.items() if name != "movements"}

    monkeypatch.setattr("services.inventory.stock.read_entity", read)
