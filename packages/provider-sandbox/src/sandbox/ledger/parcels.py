"""Rows of the parcel ledger: shipments, trackers, and the addresses and parcels they refer to, as wire documents.

A shipment is stored without its tracker and read with it, so that the two never differ. The order that it is for is
what follows the last dot of its reference, so that `shop.hub.order-1` and `order-1` both are for order-1.
"""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.ledger.store import Ledger

Document = dict[str, Any]

_OF_ORDER = "(reference = ?1 OR substr(reference, -length(?1) - 1) = '.' || ?1)"


def save_shipment(ledger: Ledger, shipment: Document) -> None:
    """Insert or replace."""
    ledger.sql.execute(
        "INSERT INTO shipments (id, reference, tracking_code, state) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET tracking_code = excluded.tracking_code, state = excluded.state",
        (shipment["id"], shipment["reference"], shipment["tracking_code"], json.dumps(shipment | {"tracker": None})),
    )


def find_shipment(ledger: Ledger, name: str) -> Document | None:
    """Return a shipment by its id or reference; of several with one reference, the newest."""
    row = ledger.sql.execute(
        "SELECT state FROM shipments WHERE id = ?1 OR reference = ?1 ORDER BY seq DESC LIMIT 1", (name,)
    ).fetchone()
    return None if row is None else _with_tracker(ledger, row["state"])


def find_order_shipment(ledger: Ledger, name: str) -> Document | None:
    """Return a shipment by its id, reference or order; of several, the newest."""
    row = ledger.sql.execute(
        f"SELECT state FROM shipments WHERE id = ?1 OR {_OF_ORDER} ORDER BY seq DESC LIMIT 1",  # noqa: S608 - a constant
        (name,),
    ).fetchone()
    return None if row is None else _with_tracker(ledger, row["state"])


def shipments_newest_first(ledger: Ledger) -> Iterator[Document]:
    """Yield all shipments."""
    rows = ledger.sql.execute("SELECT state FROM shipments ORDER BY seq DESC").fetchall()
    return (_with_tracker(ledger, row["state"]) for row in rows)


def order_of_reference(reference: str) -> str:
    """Return the order in a reference: `shop.hub.order-1` → `order-1`."""
    return reference.rpartition(".")[2]


def order_of(ledger: Ledger, name: str) -> str | None:
    """Return the order of the shipment with that id or reference, or of the shipment of that tracker (id or code)."""
    row = ledger.sql.execute(
        "SELECT reference FROM shipments WHERE id = ?1 OR reference = ?1 OR tracking_code = ?1"
        " OR tracking_code = (SELECT tracking_code FROM trackers WHERE id = ?1) ORDER BY seq DESC LIMIT 1",
        (name,),
    ).fetchone()
    return None if row is None or row["reference"] is None else order_of_reference(row["reference"])


def save_tracker(ledger: Ledger, tracker: Document) -> None:
    """Keep a tracker."""
    ledger.sql.execute(
        "INSERT INTO trackers (id, tracking_code, state) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state",
        (tracker["id"], tracker["tracking_code"], json.dumps(tracker)),
    )


def find_tracker(ledger: Ledger, name: str) -> Document | None:
    """Return a tracker by its id or tracking code."""
    row = ledger.sql.execute("SELECT state FROM trackers WHERE id = ?1 OR tracking_code = ?1", (name,)).fetchone()
    return None if row is None else json.loads(row["state"])


def trackers_newest_first(ledger: Ledger) -> Iterator[Document]:
    """Yield all trackers."""
    rows = ledger.sql.execute("SELECT state FROM trackers ORDER BY seq DESC").fetchall()
    return (json.loads(row["state"]) for row in rows)


def save_object(ledger: Ledger, document: Document) -> None:
    """Keep an address or a parcel."""
    ledger.sql.execute(
        "INSERT INTO carrier_objects (id, state) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
        (document["id"], json.dumps(document)),
    )


def find_object(ledger: Ledger, object_id: str) -> Document | None:
    """Return an address or a parcel by its id."""
    row = ledger.sql.execute("SELECT state FROM carrier_objects WHERE id = ?", (object_id,)).fetchone()
    return None if row is None else json.loads(row["state"])


def objects_newest_first(ledger: Ledger, kind: str) -> Iterator[Document]:
    """Yield the objects of a kind (Address or Parcel), the newest first."""
    rows = ledger.sql.execute(
        "SELECT state FROM carrier_objects WHERE state ->> 'object' = ? ORDER BY seq DESC", (kind,)
    ).fetchall()
    return (json.loads(row["state"]) for row in rows)


def entries(ledger: Ledger, order_id: str | None = None) -> list[Document]:
    """Return the parcel ledger, oldest first: one line per shipment, with what became of its label."""
    rows = ledger.sql.execute(
        f"SELECT state FROM shipments WHERE ?1 IS NULL OR {_OF_ORDER} ORDER BY seq",  # noqa: S608 - a constant
        (order_id,),
    ).fetchall()
    return [_entry(_with_tracker(ledger, row["state"])) for row in rows]


def _with_tracker(ledger: Ledger, state: str) -> Document:
    shipment: Document = json.loads(state)
    if shipment["tracking_code"] is None:
        return shipment
    tracker = find_tracker(ledger, shipment["tracking_code"])
    assert tracker is not None
    return shipment | {"tracker": tracker, "status": tracker["status"]}


def _entry(shipment: Document) -> Document:
    rate = shipment["selected_rate"]
    return {
        "id": shipment["id"],
        "reference": shipment["reference"],
        "label_bought": shipment["postage_label"] is not None,
        "refund_status": shipment["refund_status"],
        "label_active": shipment["postage_label"] is not None
        and shipment["refund_status"] not in ("submitted", "refunded"),
        "carrier": rate["carrier"] if rate else None,
        "service": rate["service"] if rate else None,
        "cost": rate["rate"] if rate else None,
        "tracking_code": shipment["tracking_code"],
        "tracking_status": shipment["tracker"]["status"] if shipment["tracker"] else None,
    }
