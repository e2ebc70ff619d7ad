"""The runs of other workflows that belong to an order."""

import asyncio
from typing import NamedTuple

from domain.carts.cart import CHECKOUT_CART, is_checkout_of
from domain.errors import StorageUnavailable
from domain.ids import instance_id_of
from domain.shipping.tracking import SHIPMENT_TRACKING
from services.container import services
from services.orders.document import OrderFacts


class RelatedRun(NamedTuple):
    """A run that has the order's id as its key."""

    workflow: str
    key: str


async def related_runs(facts: OrderFacts) -> tuple[RelatedRun, ...] | None:
    """Return the checkout that an order came from, and the watch of its parcel. None while their store does not answer."""
    order_id = facts.view.order_id
    workflows = [SHIPMENT_TRACKING]
    if facts.order is not None and is_checkout_of(facts.order.customer_id, order_id):
        workflows.insert(0, CHECKOUT_CART)
    try:
        known = await asyncio.gather(
            *(asyncio.to_thread(services().run_repository.knows, instance_id_of(each, order_id)) for each in workflows)
        )
    except StorageUnavailable:
        return None
    return tuple(RelatedRun(each, order_id) for each, is_known in zip(workflows, known, strict=True) if is_known)
