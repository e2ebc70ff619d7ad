"""What the app logs for operators of orders: one JSON object per log line, `evt` first, which alerts and workbook read.

Ids, words and numbers only: nothing of a customer, no amounts but totals, no secrets.

Only the thread or task of an invocation may log. The worker finds an invocation's id there alone, and the host drops a line
without one: what runs in `asyncio.to_thread` returns what it changed, and its caller logs it.
"""

import json
import logging
from datetime import datetime
from typing import Literal

from domain.orders.order import OrderProgress, OrderStatus
from domain.shipping.parcels import SUSPECT_AFTER, SilentParcel
from domain.shipping.tracking import ENDS, Tracking
from domain.wire import Wire
from domain.workflows.dead_letter import DeadLetter
from services.tracing import keep_trace

_log = logging.getLogger("shop")

_FAILED = (OrderStatus.FAILED, OrderStatus.NEEDS_ATTENTION)

Event = Literal[
    "order.status",
    "order.step",
    "order.intake",
    "dead_letter",
    "parcel.ended",
    "parcel.silent",
    "queue.depth",
    "backup.state",
]


def emit(evt: Event, **facts: str | int | None) -> None:
    """Write one line. facts: None leaves one out."""
    _log.info("%s", json.dumps({"evt": evt, **{name: fact for name, fact in facts.items() if fact is not None}}))


def emit_accepted(order_id: str) -> None:
    """Write the line of a new order."""
    emit("order.status", order_id=order_id, status=OrderStatus.ACCEPTED)


def emit_status(changed: Wire | None) -> None:
    """Write the line of an order's status. None: there is nothing new to say. Other workflows have no such line.

    The line of an end may be written again, because a process can die between storing the end and logging it.
    """
    if isinstance(changed, OrderProgress):
        if changed.status in _FAILED:
            keep_trace()
        emit("order.status", order_id=changed.order_id, status=changed.status, reason_code=changed.reason_code)


def emit_place(order_id: str, tracking: Tracking) -> None:
    """Write the line of a parcel whose new status is an end."""
    if tracking.status in ENDS:
        emit("parcel.ended", order_id=order_id, status=tracking.status)


def emit_silent(parcel: SilentParcel, now: datetime) -> None:
    """Write the line of a parcel that a poll has brought nothing of, if that has been so for long. A lost one has its own."""
    days = parcel.silent_days(now)
    status = None if parcel.known is None else parcel.known.status
    if days >= SUSPECT_AFTER.days and status not in ENDS:
        emit("parcel.silent", order_id=parcel.order_id, status=status, days=days)


def emit_depth(queue: str, messages: int, is_due: bool | None) -> None:
    """Write the line of a queue that is not empty. is_due: whether a message can be taken now; None when that is not known."""
    if messages:
        emit("queue.depth", queue=queue, messages=messages, due=is_due)


def emit_dead_letter(dead_letter: DeadLetter | None) -> None:
    """Write the line of a dead letter that was stored or closed. None: it was closed before."""
    if dead_letter is not None:
        keep_trace()
        emit(
            "dead_letter",
            dead_letter_id=dead_letter.dead_letter_id,
            workflow=dead_letter.workflow,
            key=dead_letter.key,
            state=dead_letter.state,
        )
