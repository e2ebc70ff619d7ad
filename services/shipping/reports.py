"""Take in what a carrier reports of a parcel by its webhook."""

import asyncio
import logging
from datetime import UTC, datetime

from domain.ids import instance_id_of
from domain.shipping.parcels import Parcel, ParcelReport
from domain.shipping.tracking import SHIPMENT_TRACKING, TRACKING_REPORTED
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import raise_event
from services.telemetry import emit_place

_log = logging.getLogger(__name__)


async def take_in(client: DurableClient, report: ParcelReport) -> bool:
    """Record where a parcel is. Return whether it is one of this shop; whatever is stale or repeated changes nothing.

    Raises:
        StorageUnavailable: The same report may be sent again.
    """
    parcel = await asyncio.to_thread(services().parcels.find, report.code)
    if parcel is None:
        return False
    if not parcel.is_subject_of(report):
        _log.warning("order %s: a report about another parcel with the same tracking code", parcel.order_id)
        return False
    now = datetime.now(UTC)
    tracking = report.seen(now)
    if await asyncio.to_thread(services().open_parcels.record, parcel.order_id, tracking, now):
        emit_place(parcel.order_id, tracking)
        await _wake(client, parcel)
    return True


async def _wake(client: DurableClient, parcel: Parcel) -> None:
    """Have the orchestration that watches the parcel poll it at once. It does so in time without that, too."""
    if parcel.is_watched:
        await raise_event(client, instance_id_of(SHIPMENT_TRACKING, parcel.order_id), TRACKING_REPORTED, {})
