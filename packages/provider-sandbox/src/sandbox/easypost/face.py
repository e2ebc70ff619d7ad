"""EasyPost as the pipeline sees it: its endpoints, and how to authenticate, decode, execute and fail in its manner."""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from sandbox.core.api_key import api_key
from sandbox.core.exchange import Answer, Call, Handler, JsonObject
from sandbox.core.face import Executed, Face, MalformedRequest, Operation
from sandbox.core.ids import easypost_id
from sandbox.easypost import addresses_api, shipments_api, webhooks_api
from sandbox.easypost.errors import EasyPostRefusal
from sandbox.easypost.errors import not_found as no_such_resource
from sandbox.ledger import parcels
from sandbox.ledger.store import Ledger

_TEST_KEY = re.compile(r"^EZTK\w+$")
_OPERATIONS = (
    Operation("POST", "/v2/addresses", "addresses.create", addresses_api.create),
    Operation(
        "POST", "/v2/addresses/create_and_verify", "addresses.create_and_verify", addresses_api.create_and_verify
    ),
    Operation("GET", "/v2/addresses", "addresses.list", addresses_api.list_all),
    Operation("GET", "/v2/addresses/{id}", "addresses.retrieve", addresses_api.retrieve),
    Operation("GET", "/v2/addresses/{id}/verify", "addresses.verify", addresses_api.verify),
    Operation("POST", "/v2/parcels", "parcels.create", addresses_api.create_parcel),
    Operation("GET", "/v2/parcels/{id}", "parcels.retrieve", addresses_api.retrieve_parcel),
    Operation("POST", "/v2/shipments", "shipments.create", shipments_api.create),
    Operation("GET", "/v2/shipments", "shipments.list", shipments_api.list_all),
    Operation("GET", "/v2/shipments/{id}", "shipments.retrieve", shipments_api.retrieve),
    Operation("POST", "/v2/shipments/{id}/buy", "shipments.buy", shipments_api.buy),
    Operation("POST", "/v2/shipments/{id}/refund", "shipments.refund", shipments_api.refund),
    Operation("POST", "/v2/shipments/{id}/rerate", "shipments.rerate", shipments_api.rerate),
    Operation("POST", "/v2/trackers", "trackers.create", shipments_api.create_tracker),
    Operation("GET", "/v2/trackers", "trackers.list", shipments_api.list_trackers),
    Operation("POST", "/v2/webhooks", "webhooks.create", webhooks_api.create),
    Operation("GET", "/v2/webhooks", "webhooks.list", webhooks_api.list_all),
    Operation("DELETE", "/v2/webhooks/{id}", "webhooks.delete", webhooks_api.delete),
    Operation("POST", "/v2/trackers/batch", "trackers.batch", shipments_api.retrieve_trackers),
    Operation("GET", "/v2/trackers/{id}", "trackers.retrieve", shipments_api.retrieve_tracker),
)
_FAILURES = {
    429: ("RATE_LIMITED", "You have exceeded the rate limit. Please try again later."),
    500: ("INTERNAL_SERVER_ERROR", "An internal error occurred. Please try again later."),
    503: ("SERVICE_UNAVAILABLE", "The service is temporarily unavailable. Please try again later."),
}


def _authenticate(headers: Mapping[str, str]) -> Answer | None:
    """Return None for a key that looks like a test key. A production key is refused: this is no place to send one."""
    if _TEST_KEY.match(api_key(headers)):
        return None
    message = "This api key is no longer active. Please use a different api key or reactivate this key."
    return EasyPostRefusal(401, "APIKEY.INACTIVE", message).answer()


def _decode(query: str, body: bytes) -> JsonObject:
    params: JsonObject = dict(parse_qsl(query, keep_blank_values=True))
    if not body:
        return params
    try:
        decoded = json.loads(body)
    except ValueError:
        raise _malformed("The request body is not valid JSON.") from None
    if not isinstance(decoded, dict):
        raise _malformed("The request body must be a JSON object.")
    return params | decoded


def _malformed(message: str) -> MalformedRequest:
    return MalformedRequest(EasyPostRefusal(400, "BAD_REQUEST", message).answer())


def _order_of(ledger: Ledger, target: str | None, params: JsonObject) -> str | None:
    """Return the order in the reference that the request carries, or in that of the shipment or tracker in its path."""
    for name in ("shipment", "address"):
        given = params.get(name)
        if isinstance(given, dict) and isinstance(given.get("reference"), str):
            return parcels.order_of_reference(given["reference"])
    return None if target is None else parcels.order_of(ledger, target)


def _execute(handler: Handler, call: Call, ledger: Ledger) -> Executed:
    try:
        return Executed(answer=handler(call, ledger))
    except EasyPostRefusal as refusal:
        return Executed(answer=refusal.answer())


def _failure(status: int) -> Answer:
    return EasyPostRefusal(status, *_FAILURES[status]).answer()


def _not_found(_method: str, _path: str) -> Answer:
    return no_such_resource().answer()


def _headers(_request_headers: Mapping[str, str]) -> Mapping[str, str]:
    return {"X-EP-Request-UUID": easypost_id("req").removeprefix("req_")}


EASYPOST = Face(
    name="easypost",
    prefix="/v2",
    operations=_OPERATIONS,
    authenticate=_authenticate,
    decode=_decode,
    order_of=_order_of,
    execute=_execute,
    failure=_failure,
    not_found=_not_found,
    busy=None,
    headers=_headers,
)
