"""What it costs to send a parcel: one carrier, three services, fixed prices."""

from datetime import datetime

from sandbox.easypost.trackers import timestamp
from sandbox.exchange import JsonObject
from sandbox.ids import easypost_id

_CARRIER_ACCOUNT = "ca_00000000000000000000000000000001"
# Service, days, and price in cents for the first pound and for each further one.
_SERVICES = (("Express", 1, 3415, 400), ("Priority", 2, 742, 120), ("GroundAdvantage", 3, 607, 60))
_OUNCES = 16


def no_rates_message() -> JsonObject:
    """What a shipment says that no carrier takes."""
    return {
        "carrier": "USPS",
        "carrier_account_id": _CARRIER_ACCOUNT,
        "type": "rate_error",
        "message": "to_address: Address not found",
    }


def offered_rates(shipment_id: str, parcel: JsonObject, now: datetime) -> list[JsonObject]:
    """One Rate per service, dearer by the pound."""
    further_pounds = int(parcel["weight"] // _OUNCES)
    return [
        _rate(shipment_id, service, days, first + each * further_pounds, now)
        for service, days, first, each in _SERVICES
    ]


def _rate(shipment_id: str, service: str, days: int, cents: int, now: datetime) -> JsonObject:
    price = f"{cents // 100}.{cents % 100:02d}"
    return {
        "id": easypost_id("rate"),
        "object": "Rate",
        "created_at": timestamp(now),
        "updated_at": timestamp(now),
        "mode": "test",
        "service": service,
        "carrier": "USPS",
        "rate": price,
        "currency": "USD",
        "retail_rate": price,
        "retail_currency": "USD",
        "list_rate": price,
        "list_currency": "USD",
        "billing_type": "easypost",
        "delivery_days": days,
        "delivery_date": None,
        "delivery_date_guaranteed": False,
        "est_delivery_days": days,
        "shipment_id": shipment_id,
        "carrier_account_id": _CARRIER_ACCOUNT,
    }
