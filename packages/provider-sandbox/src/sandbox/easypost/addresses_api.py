"""The address and parcel endpoints."""

from sandbox.core.exchange import Answer, Call, JsonObject
from sandbox.easypost import addresses, fields, listing, shipments
from sandbox.easypost.errors import EasyPostRefusal, not_found
from sandbox.ledger import parcels
from sandbox.ledger.store import Ledger


def create(call: Call, ledger: Ledger) -> Answer:
    """Create an address. With `verify` the findings are in `verifications`; with `verify_strict` a bad address is refused."""
    address = addresses.new_address(fields.section(call.params, "address"), call.now)
    _refuse_as_ordered(call)
    address = _verified_as_asked(address, call.params)
    parcels.save_object(ledger, address)
    return Answer(status=201, body=address)


def create_and_verify(call: Call, ledger: Ledger) -> Answer:
    """Create an address that must be deliverable."""
    address = addresses.new_address(fields.section(call.params, "address"), call.now)
    return _verify(address, call, ledger)


def verify(call: Call, ledger: Ledger) -> Answer:
    """Verify an address."""
    return _verify(_find(call.target or "", ledger), call, ledger)


def retrieve(call: Call, ledger: Ledger) -> Answer:
    """Answer with an address."""
    return Answer(body=_find(call.target or "", ledger))


def list_all(call: Call, ledger: Ledger) -> Answer:
    """Answer with a page of addresses."""
    data, more = listing.page(parcels.objects_newest_first(ledger, "Address"), call)
    return Answer(body={"addresses": data, "has_more": more})


def create_parcel(call: Call, ledger: Ledger) -> Answer:
    """Create a parcel."""
    parcel = shipments.new_parcel(fields.section(call.params, "parcel"), call.now)
    parcels.save_object(ledger, parcel)
    return Answer(status=201, body=parcel)


def retrieve_parcel(call: Call, ledger: Ledger) -> Answer:
    """Answer with a parcel."""
    parcel = parcels.find_object(ledger, call.target or "")
    if parcel is None or parcel["object"] != "Parcel":
        raise not_found()
    return Answer(body=parcel)


def address_or_new(given: JsonObject, name: str, call: Call, ledger: Ledger) -> JsonObject:
    """Return the address that a shipment's `to_address` or `from_address` names by id, or describes in full.

    Only of `to_address` the parameters that verify it count.
    """
    described = fields.section(given, name)
    if "id" in described:
        return _find(str(described["id"]), ledger)
    address = addresses.new_address(described, call.now)
    if name == "to_address":
        address = _verified_as_asked(address, described)
    parcels.save_object(ledger, address)
    return address


def _verified_as_asked(address: JsonObject, params: JsonObject) -> JsonObject:
    """Return the address, verified if the parameters ask for it. EasyPost does so whatever their value is, false included."""
    strict = fields.is_asked_for(params, "verify_strict")
    if strict:
        addresses.require_deliverable(address)
    return addresses.verified(address) if strict or fields.is_asked_for(params, "verify") else address


def _verify(address: JsonObject, call: Call, ledger: Ledger) -> Answer:
    _refuse_as_ordered(call)
    addresses.require_deliverable(address)
    address = addresses.verified(address)
    parcels.save_object(ledger, address)
    return Answer(body={"address": address})


def _find(address_id: str, ledger: Ledger) -> JsonObject:
    address = parcels.find_object(ledger, address_id)
    if address is None or address["object"] != "Address":
        raise not_found()
    return address


def _refuse_as_ordered(call: Call) -> None:
    if call.refusal is not None:
        code, message = call.refusal.code, call.refusal.message
        raise EasyPostRefusal(422, code or "ADDRESS.VERIFY.FAILURE", message or "Unable to verify address.")
