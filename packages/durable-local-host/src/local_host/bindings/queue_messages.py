"""Queue messages as functions get them, with what comes with them, and as functions send them."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta

from azure.functions.meta import Datum

from local_host.bindings.leased_messages import LeasedMessage


def message_datum(body: bytes) -> Datum:
    """Return the raw value. Raises UnicodeDecodeError for what is no text: the real host's binding fails then too."""
    return Datum(body.decode("utf-8"), "string")


def message_by_hand(text: str, now: datetime) -> tuple[Datum, dict[str, Datum]]:
    """Return a message that was never on a queue."""
    metadata = _metadata_of(
        message_id=str(uuid.uuid4()),
        dequeue_count=1,
        inserted=now,
        expires=now + timedelta(days=7),
        visible=now,
        receipt="",
    )
    return Datum(text, "string"), metadata


def metadata(message: LeasedMessage) -> dict[str, Datum]:
    """Return what comes with a message, as the real host names it."""
    return _metadata_of(
        message_id=message.id,
        dequeue_count=message.dequeue_count,
        inserted=message.inserted,
        expires=message.expires,
        visible=message.visible,
        receipt=message.receipt,
    )


def _metadata_of(
    *,
    message_id: str,
    dequeue_count: int,
    inserted: datetime,
    expires: datetime,
    visible: datetime,
    receipt: str,
) -> dict[str, Datum]:
    times = {"InsertionTime": inserted, "ExpirationTime": expires, "NextVisibleTime": visible}
    return {
        "Id": Datum(message_id, "string"),
        "DequeueCount": Datum(dequeue_count, "int"),
        "PopReceipt": Datum(receipt, "string"),
        **{name: Datum(json.dumps(time.isoformat()), "json") for name, time in times.items()},
    }


def message_bodies(datum: Datum) -> list[bytes]:
    """Return the bodies to send: a text or bytes is one message, a message object sends its body, a list is several messages."""
    if datum.type == "bytes":
        return [bytes(datum.value)]
    if datum.type == "string":
        return [datum.value.encode()]
    value = json.loads(datum.value)
    items = value if isinstance(value, list) else [value]
    return [(item["body"] if isinstance(item, dict) else item).encode() for item in items]
