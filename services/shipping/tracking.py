"""Have a parcel polled at once, because the carrier has reported an event of it."""

import asyncio

from domain.ids import instance_id_of
from domain.shipping.tracking import SHIPMENT_TRACKING, TRACKING_REPORTED
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import instance_status, is_unfinished, raise_event


async def poll_now(client: DurableClient, code: str) -> bool:
    """Wake the tracking of a parcel, by its tracking code. Return whether the parcel is being tracked.

    Raises:
        StorageUnavailable: The same request may be sent again.
    """
    order_id = await asyncio.to_thread(services().parcels.order_of, code)
    if order_id is None:
        return False
    instance_id = instance_id_of(SHIPMENT_TRACKING, order_id)
    if not is_unfinished(await instance_status(client, instance_id)):
        return False
    return await raise_event(client, instance_id, TRACKING_REPORTED, {})
