"""The shipment and tracker endpoints: read parameters, ask the pure rules, write the ledger, render."""

from sandbox.core.exchange import Answer, Call, JsonObject
from sandbox.core.ids import tracking_code
from sandbox.easypost import addresses, fields, listing, shipments, trackers, webhooks_api
from sandbox.easypost.addresses_api import address_or_new
from sandbox.easypost.errors import EasyPostRefusal, invalid, missing, not_found
from sandbox.ledger import parcels
from sandbox.ledger.store import Ledger


def create(call: Call, ledger: Ledger) -> Answer:
    """Create a shipment with its rates."""
    given = fields.section(call.params, "shipment")
    to_address = address_or_new(given, "to_address", call, ledger)
    shipment = shipments.new_shipment(
        given,
        to_address=to_address,
        from_address=address_or_new(given, "from_address", call, ledger),
        parcel=_parcel_or_new(given, call, ledger),
        now=call.now,
    )
    _refuse_as_ordered(call, "SHIPMENT.INVALID_PARAMS", "Unable to create shipment.")
    parcels.save_shipment(ledger, shipment)
    return Answer(status=201, body=shipment)


def retrieve(call: Call, ledger: Ledger) -> Answer:
    """Answer with a shipment."""
    return Answer(body=find(call, ledger))


def list_all(call: Call, ledger: Ledger) -> Answer:
    """Answer with a page of shipments: as EasyPost does, only bought shipments unless `purchased=false`."""
    unbought_too = str(call.params.get("purchased", "true")).lower() == "false"
    found = (one for one in parcels.shipments_newest_first(ledger) if unbought_too or one["postage_label"])
    data, more = listing.page(found, call)
    return Answer(body={"shipments": data, "has_more": more})


def buy(call: Call, ledger: Ledger) -> Answer:
    """Buy the label of a rate."""
    shipment = find(call, ledger)
    shipments.check_buyable(shipment)
    rate = shipments.chosen_rate(shipment, call.params)
    addresses.require_deliverable(shipment["to_address"])
    _refuse_as_ordered(call, "SHIPMENT.POSTAGE.FAILURE", "Unable to purchase postage.")
    tracker = trackers.new_tracker(tracking_code(), carrier=rate["carrier"], shipment_id=shipment["id"], now=call.now)
    shipment = shipments.bought(shipment, rate, tracker, call.now)
    parcels.save_tracker(ledger, tracker)
    parcels.save_shipment(ledger, shipment)
    webhooks_api.announce(ledger, "tracker.created", tracker)
    return Answer(body=shipment)


def refund(call: Call, ledger: Ledger) -> Answer:
    """Submit the label's refund to the carrier."""
    shipment = find(call, ledger)
    _refuse_as_ordered(call, "SHIPMENT.REFUND.FAILURE", "Unable to request refund.")
    shipment = shipments.refund_requested(shipment, call.now)
    parcels.save_shipment(ledger, shipment)
    return Answer(body=shipment)


def rerate(call: Call, ledger: Ledger) -> Answer:
    """Ask for fresh rates."""
    shipment = shipments.rerated(find(call, ledger), call.now)
    parcels.save_shipment(ledger, shipment)
    return Answer(body={"rates": shipment["rates"]})


def create_tracker(call: Call, ledger: Ledger) -> Answer:
    """Return a new tracker, or the first one for the same code, as EasyPost de-duplicates them."""
    given = fields.section(call.params, "tracker")
    code = fields.text(given, "tracking_code")
    if code is None:
        raise missing("tracking_code")
    tracker = parcels.find_tracker(ledger, code)
    if tracker is None:
        carrier = fields.text(given, "carrier") or "USPS"
        tracker = trackers.new_tracker(code, carrier=carrier, shipment_id=None, now=call.now)
        parcels.save_tracker(ledger, tracker)
    return Answer(body=tracker)


def retrieve_tracker(call: Call, ledger: Ledger) -> Answer:
    """Answer with a tracker."""
    assert call.target is not None
    tracker = parcels.find_tracker(ledger, call.target)
    if tracker is None:
        raise not_found()
    return Answer(body=tracker)


def list_trackers(call: Call, ledger: Ledger) -> Answer:
    """Answer with a page of trackers."""
    code, carrier = call.params.get("tracking_code"), call.params.get("carrier")
    found = (
        tracker
        for tracker in parcels.trackers_newest_first(ledger)
        if (code is None or tracker["tracking_code"] == code) and (carrier is None or tracker["carrier"] == carrier)
    )
    data, more = listing.page(found, call)
    return Answer(body={"trackers": data, "has_more": more})


def retrieve_trackers(call: Call, ledger: Ledger) -> Answer:
    """Answer with the trackers of several codes, the newest first. Codes without a tracker are left out."""
    codes = call.params.get("tracking_codes")
    if not codes:
        raise missing("tracking_codes")
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise invalid("tracking_codes", "must be a list of strings")
    wanted = set(codes)
    found = [one for one in parcels.trackers_newest_first(ledger) if one["tracking_code"] in wanted]
    return Answer(body={"trackers": found, "has_more": False})


def find(call: Call, ledger: Ledger) -> JsonObject:
    """Return the shipment in the path, by id or reference. Raises EasyPostRefusal when there is none."""
    assert call.target is not None
    shipment = parcels.find_shipment(ledger, call.target)
    if shipment is None:
        raise not_found()
    return shipment


def _parcel_or_new(given: JsonObject, call: Call, ledger: Ledger) -> JsonObject:
    described = fields.section(given, "parcel")
    if "id" not in described:
        parcel = shipments.new_parcel(described, call.now)
        parcels.save_object(ledger, parcel)
        return parcel
    known = parcels.find_object(ledger, str(described["id"]))
    if known is None or known["object"] != "Parcel":
        raise not_found()
    return known


def _refuse_as_ordered(call: Call, code: str, message: str) -> None:
    if call.refusal is not None:
        raise EasyPostRefusal(422, call.refusal.code or code, call.refusal.message or message)
