"""The life of a shipment, pure: created with rates, bought once, refunded while the carrier does not have the parcel.

What the carrier does not take (see `rates`) gets no rates but a message, as EasyPost does, so that nothing can be bought for
it.
"""

from datetime import datetime
from typing import Any

from sandbox.core.exchange import JsonObject
from sandbox.core.ids import easypost_id
from sandbox.easypost import fields
from sandbox.easypost.addresses import verified
from sandbox.easypost.customs import new_customs_info
from sandbox.easypost.errors import EasyPostRefusal, missing, not_found
from sandbox.easypost.rates import rated
from sandbox.easypost.trackers import NOT_YET_SHIPPED, timestamp


def new_parcel(given: JsonObject, now: datetime) -> JsonObject:
    """Return a Parcel; weight in ounces, sizes in inches."""
    sizes = {name: fields.number(given, name) for name in ("length", "width", "height")}
    return {
        "id": easypost_id("prcl"),
        "object": "Parcel",
        "created_at": timestamp(now),
        "updated_at": timestamp(now),
        **sizes,
        "predefined_package": fields.text(given, "predefined_package"),
        "weight": fields.number(given, "weight", required=True),
        "mode": "test",
    }


def new_shipment(
    given: JsonObject, *, to_address: JsonObject, from_address: JsonObject, parcel: JsonObject, now: datetime
) -> JsonObject:
    """Return a Shipment with its rates, not bought."""
    options, declared = given.get("options"), given.get("customs_info")
    shipment = {
        "id": easypost_id("shp"),
        "object": "Shipment",
        "created_at": timestamp(now),
        "updated_at": timestamp(now),
        "is_return": False,
        "mode": "test",
        "options": {"currency": "USD", "payment": {"type": "SENDER"}, "date_advance": 0}
        | (options if isinstance(options, dict) else {}),
        "reference": fields.text(given, "reference"),
        "status": "unknown",
        "tracking_code": None,
        "batch_id": None,
        "batch_status": None,
        "batch_message": None,
        "customs_info": new_customs_info(declared, now) if isinstance(declared, dict) and declared else None,
        "from_address": from_address,
        "to_address": to_address,
        "return_address": from_address,
        "buyer_address": to_address,
        "insurance": None,
        "order_id": None,
        "parcel": parcel,
        "postage_label": None,
        "refund_status": None,
        "scan_form": None,
        "selected_rate": None,
        "tracker": None,
        "usps_zone": 4,
        "forms": [],
        "fees": [],
    }
    return shipment | rated(shipment, now)


def rerated(shipment: JsonObject, now: datetime) -> JsonObject:
    """Return the shipment with fresh rates, if it has any and is not bought."""
    if not shipment["rates"] or shipment["postage_label"] is not None:
        return shipment
    return shipment | rated(shipment, now)


def chosen_rate(shipment: JsonObject, params: JsonObject) -> JsonObject:
    """Return the rate that `{"rate": {"id": …}}` or `{"rate": "rate_…"}` names. Raises EasyPostRefusal."""
    given: Any = params.get("rate")
    rate_id = given.get("id") if isinstance(given, dict) else given
    if not rate_id:
        raise missing("rate")
    for rate in shipment["rates"]:
        if rate["id"] == rate_id:
            return dict(rate)
    raise not_found()


def bought(shipment: JsonObject, rate: JsonObject, tracker: JsonObject, now: datetime) -> JsonObject:
    """Return the shipment with its label."""
    destination = verified(shipment["to_address"])
    fee = {"object": "Fee", "type": "PostageFee", "amount": f"{rate['rate']}000", "charged": True, "refunded": False}
    return shipment | {
        "to_address": destination,
        "buyer_address": destination,
        "postage_label": _label(shipment["id"], now),
        "selected_rate": rate,
        "tracking_code": tracker["tracking_code"],
        "tracker": tracker,
        "fees": [fee],
        "updated_at": timestamp(now),
    }


def check_buyable(shipment: JsonObject) -> None:
    """Raise EasyPostRefusal when the shipment has its label already."""
    if shipment["postage_label"] is not None:
        raise EasyPostRefusal(422, "SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment.")


def refund_requested(shipment: JsonObject, now: datetime) -> JsonObject:
    """Return the shipment with its refund submitted to the carrier. Raises EasyPostRefusal when the label cannot be refunded."""
    if shipment["postage_label"] is None:
        raise _no_refund("The shipment has no postage to refund.")
    if shipment["refund_status"] in ("submitted", "refunded"):
        raise _no_refund("A refund has already been requested.")
    if shipment["tracker"]["status"] not in NOT_YET_SHIPPED:
        raise _no_refund("The parcel has been shipped.")
    return shipment | {"refund_status": "submitted", "updated_at": timestamp(now)}


def refund_settled(shipment: JsonObject, status: str, now: datetime) -> JsonObject:
    """Return the shipment after the carrier decided on a submitted refund. status: refunded or rejected."""
    if shipment["refund_status"] != "submitted":
        raise _no_refund("No refund is waiting for the carrier.")
    fees = [fee | {"refunded": status == "refunded"} for fee in shipment["fees"]]
    return shipment | {"refund_status": status, "fees": fees, "updated_at": timestamp(now)}


def _label(shipment_id: str, now: datetime) -> JsonObject:
    return {
        "object": "PostageLabel",
        "id": easypost_id("pl"),
        "created_at": timestamp(now),
        "updated_at": timestamp(now),
        "date_advance": 0,
        "integrated_form": "none",
        "label_date": timestamp(now),
        "label_resolution": 300,
        "label_size": "4x6",
        "label_type": "default",
        "label_file_type": "image/png",
        "label_url": f"https://easypost-files.example/postage_label/{shipment_id}.png",
        "label_pdf_url": None,
        "label_zpl_url": None,
        "label_epl2_url": None,
        "label_file": None,
    }


def _no_refund(reason: str) -> EasyPostRefusal:
    return EasyPostRefusal(422, "SHIPMENT.REFUND.UNAVAILABLE", f"Unable to request refund. {reason}")
