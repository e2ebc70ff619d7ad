"""Trackers, pure. A status is moved by `/sandbox`, except that EasyPost's test codes (`EZ4000000004`) start in theirs."""

import base64
from datetime import datetime

from sandbox.core.exchange import JsonObject
from sandbox.core.ids import easypost_id
from sandbox.easypost.errors import invalid

STATUSES = (
    "unknown",
    "pre_transit",
    "in_transit",
    "out_for_delivery",
    "delivered",
    "available_for_pickup",
    "return_to_sender",
    "failure",
    "cancelled",
    "error",
)
# Once the carrier has the parcel, its label cannot be refunded.
NOT_YET_SHIPPED = frozenset({"unknown", "pre_transit", "cancelled", "error"})
_TEST_CODES = {
    "EZ1000000001": "pre_transit",
    "EZ2000000002": "in_transit",
    "EZ3000000003": "out_for_delivery",
    "EZ4000000004": "delivered",
    "EZ5000000005": "return_to_sender",
    "EZ6000000006": "failure",
    "EZ7000000007": "unknown",
}


def new_tracker(code: str, *, carrier: str, shipment_id: str | None, now: datetime) -> JsonObject:
    """Make a Tracker."""
    tracker_id = easypost_id("trk")
    opaque = base64.urlsafe_b64encode(f"v1:{tracker_id}".encode()).decode().rstrip("=")
    status = _TEST_CODES.get(code, "unknown")
    return {
        "id": tracker_id,
        "object": "Tracker",
        "mode": "test",
        "tracking_code": code,
        "status": status,
        "status_detail": "unknown" if status == "unknown" else "status_update",
        "created_at": timestamp(now),
        "updated_at": timestamp(now),
        "signed_by": None,
        "weight": None,
        "est_delivery_date": None,
        "shipment_id": shipment_id,
        "carrier": carrier,
        "tracking_details": [],
        "fees": [],
        "carrier_detail": None,
        "finalized": status in ("delivered", "return_to_sender", "failure"),
        "is_return": False,
        "public_url": f"https://track.easypost.com/{opaque}",
    }


def moved(tracker: JsonObject, status: str, now: datetime) -> JsonObject:
    """Return the tracker after the carrier reported a status. Raises EasyPostRefusal for a status there is not."""
    if status not in STATUSES:
        raise invalid("status", f"must be one of {', '.join(STATUSES)}")
    detail = {
        "object": "TrackingDetail",
        "message": status.replace("_", " ").capitalize(),
        "description": "",
        "status": status,
        "status_detail": "status_update",
        "datetime": timestamp(now),
        "source": tracker["carrier"],
        "carrier_code": "",
        "tracking_location": {"object": "TrackingLocation", "city": None, "state": None, "country": None, "zip": None},
    }
    return tracker | {
        "status": status,
        "status_detail": "status_update",
        "updated_at": timestamp(now),
        "tracking_details": [*tracker["tracking_details"], detail],
        "finalized": status in ("delivered", "return_to_sender", "failure"),
        "signed_by": "J. DOE" if status == "delivered" else tracker["signed_by"],
    }


def timestamp(now: datetime) -> str:
    """Return a time as EasyPost writes it."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
