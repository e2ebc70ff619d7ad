"""Poll the parcels of which nothing was reported for long: a webhook may be lost, and an account may have none.

A run is bounded. What it has not reached is what the next run begins with, because every polled parcel goes to the end of the line.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from domain.errors import StorageUnavailable
from domain.shipping.parcels import MAX_POLLED, Parcel, ParcelReport, SilentParcel
from domain.shipping.tracking import MAX_SILENCE, Tracking
from services.concurrency import gather_bounded
from services.container import services
from services.shipping.following import follow
from services.shipping.polling import Polled, Polling
from services.telemetry import emit_place, emit_silent

MAX_PARCELS: Final = 2_000
"""Parcels that one run polls: 20 requests to the carrier."""

_MAX_NAMED: Final = 20

_log = logging.getLogger(__name__)


async def poll_silent(now: datetime, has_time: Callable[[], bool] = lambda: True) -> int:
    """Poll the parcels that have been silent for too long, the longest silent first. Return how many were polled.

    A carrier that is away ends the run: the next one begins with the same parcels.

    Args:
        now: The present time.
        has_time: Whether the carrier may be asked again.

    Raises:
        StorageUnavailable: The next run goes on where this one has stopped.
    """
    unreadable: list[str] = []
    silent = await asyncio.to_thread(services().open_parcels.silent, now - MAX_SILENCE, MAX_PARCELS, unreadable.append)
    if unreadable:
        named = ", ".join(unreadable[:_MAX_NAMED])
        _log.error("the rows of %d silent parcels cannot be read, of the orders %s", len(unreadable), named)
    polling = Polling(now, has_time)
    polled = unreported = moved = 0
    for start in range(0, len(silent), MAX_POLLED):
        page = await asyncio.to_thread(polling.poll, silent[start : start + MAX_POLLED])
        moved += await _record(page, now)
        polled += len(page.parcels)
        unreported += len(page.parcels) - len(page.reports)
        # Perhaps it refuses everything, and then a request for each of so many parcels is enough for one run.
        if polling.is_over or unreported >= MAX_POLLED or not has_time():
            break
    _report(len(silent) - polled, polling, has_time)
    if unreported:
        _log.warning("the carrier reports nothing of %d silent parcels", unreported)
    if moved:
        _log.info("%d silent parcels have moved, which no webhook has reported", moved)
    return polled


def _report(left: int, polling: Polling, has_time: Callable[[], bool]) -> None:
    """Log that some parcels are not polled, and why."""
    if polling.fault is not None and left:
        _log.warning("%d silent parcels are not polled: %s", left, polling.fault)
    elif left and not has_time():
        _log.warning("%d silent parcels are left to the next run of the timer", left)


async def _record(page: Polled, now: datetime) -> int:
    """Record what a page of polls has brought. Return of how many parcels the status is new."""
    by_order = {parcel.order_id: parcel for parcel in page.parcels}

    async def record(order_id: str) -> bool:
        parcel = by_order[order_id]
        report = page.reports.get(parcel.code)
        # Without an answer nothing is known of it, not even that it is lost.
        later = None if parcel.code in page.unanswered else parcel.after_poll(report, now)
        try:
            is_new = await asyncio.to_thread(_record_one, parcel, report, later, now)
        except StorageUnavailable:
            raise
        except Exception:  # noqa: BLE001 - it concerns this one alone, and the next run begins with it
            _log.exception("what the carrier reports of order %s could not be recorded", order_id)
            return False
        if is_new and later is not None:
            emit_place(order_id, later)
        if later is None:
            emit_silent(parcel, now)
        return is_new

    return sum(await gather_bounded(record, by_order))


def _record_one(parcel: SilentParcel, report: ParcelReport | None, later: Tracking | None, now: datetime) -> bool:
    """Record what a poll has brought; return whether the parcel's status is new."""
    parcels, open_parcels = services().parcels, services().open_parcels
    if later is None:
        open_parcels.mark_polled(parcel, now)
        return False
    if report is not None and parcel.first_moves_by(later) and parcels.find(parcel.code) is None:
        # Its row is behind that of its order, after a restore perhaps; until then no webhook finds the order.
        follow(
            Parcel(
                code=parcel.code,
                order_id=parcel.order_id,
                shipment_id=report.shipment_id,
                tracker_id=report.tracker_id,
            )
        )
    return open_parcels.record(parcel.order_id, later, now, parcel)
