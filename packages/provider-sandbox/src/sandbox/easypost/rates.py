"""What it costs to send a parcel: one carrier for each country, with fixed prices in its own currency.

From the United States it is USPS, in dollars. It takes 70 pounds and 130 inches of length and girth (twice the sum of the two
shorter sides; https://pe.usps.com/text/dmm300/201.htm), as the others do here. What it does not take gets no rate but a message.
"""

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.exchange import JsonObject
from sandbox.core.ids import easypost_id
from sandbox.easypost import customs
from sandbox.easypost.addresses import delivery_problems
from sandbox.easypost.trackers import timestamp

_CARRIER_ACCOUNT = "ca_00000000000000000000000000000001"
# Service, days, and price in hundredths for the first pound and for each further one.
_SERVICES = (("Express", 1, 3415, 400), ("Priority", 2, 742, 120), ("GroundAdvantage", 3, 607, 60))
_ABROAD = (
    ("ExpressMailInternational", 5, 6875, 900),
    ("PriorityMailInternational", 10, 4775, 400),
    ("FirstClassPackageInternationalService", 14, 1675, 600),
)
_OUNCES_PER_POUND = 16
_MAX_POUNDS = 70
_MAX_INCHES = 130


@dataclass(frozen=True)
class _Carrier:
    name: str
    currency: str


_CARRIERS = {"US": _Carrier("USPS", "USD"), "GB": _Carrier("RoyalMail", "GBP"), "CA": _Carrier("CanadaPost", "CAD")}
_ELSEWHERE = _Carrier("DHLExpress", "EUR")


def rated(shipment: JsonObject, now: datetime) -> JsonObject:
    """Return the shipment's rates and messages: either, or the other."""
    carrier = _CARRIERS.get(shipment["from_address"]["country"], _ELSEWHERE)
    problem = _problem(shipment)
    if problem is not None:
        return {"rates": [], "messages": [_message(carrier, problem)]}
    abroad = customs.crosses_border(shipment["from_address"], shipment["to_address"])
    further_pounds = int(shipment["parcel"]["weight"] // _OUNCES_PER_POUND)
    rates = [
        _rate(shipment["id"], carrier, service, days, first + each * further_pounds, now)
        for service, days, first, each in (_ABROAD if abroad else _SERVICES)
    ]
    return {"rates": rates, "messages": []}


def _problem(shipment: JsonObject) -> str | None:
    """Return why the carrier does not take the parcel."""
    parcel = shipment["parcel"]
    if delivery_problems(shipment["to_address"]):
        return "to_address: Address not found"
    if parcel["weight"] > _MAX_POUNDS * _OUNCES_PER_POUND:
        return f"Weight exceeds maximum {_MAX_POUNDS} lbs"
    sides = sorted(parcel[name] for name in ("length", "width", "height") if parcel[name] is not None)
    if len(sides) == 3 and sides[2] + 2 * (sides[0] + sides[1]) > _MAX_INCHES:
        return f"Package exceeds maximum length plus girth of {_MAX_INCHES} inches"
    if customs.crosses_border(shipment["from_address"], shipment["to_address"]):
        return customs.problem(shipment["customs_info"], parcel, shipment["from_address"])
    return None


def _message(carrier: _Carrier, text: str) -> JsonObject:
    """Return a message as https://docs.easypost.com/docs/shipments/messages has it."""
    return {
        "carrier": carrier.name,
        "carrier_account_id": _CARRIER_ACCOUNT,
        "type": "rate_error",
        "message": text,
    }


def _rate(shipment_id: str, carrier: _Carrier, service: str, days: int, cents: int, now: datetime) -> JsonObject:
    price = f"{cents // 100}.{cents % 100:02d}"
    return {
        "id": easypost_id("rate"),
        "object": "Rate",
        "created_at": timestamp(now),
        "updated_at": timestamp(now),
        "mode": "test",
        "service": service,
        "carrier": carrier.name,
        "rate": price,
        "currency": carrier.currency,
        "retail_rate": price,
        "retail_currency": carrier.currency,
        "list_rate": price,
        "list_currency": carrier.currency,
        "billing_type": "easypost",
        "delivery_days": days,
        "delivery_date": None,
        "delivery_date_guaranteed": False,
        "est_delivery_days": days,
        "shipment_id": shipment_id,
        "carrier_account_id": _CARRIER_ACCOUNT,
    }
