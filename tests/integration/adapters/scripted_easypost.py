"""EasyPost's requests, its answers and its rates, for a carrier that answers from a script."""

from typing import Any

from tests.integration.adapters.examples import CUSTOMER, ORDER

LOOK = f"GET /v2/shipments/{ORDER}"
ANNOUNCE = "POST /v2/shipments"
VERIFY = "POST /v2/addresses"
SHIPMENT = "GET /v2/shipments/shp_1"
BUY = "POST /v2/shipments/shp_1/buy"
RERATE = "POST /v2/shipments/shp_1/rerate"
REFUND = "POST /v2/shipments/shp_1/refund"
UNBOUGHT: dict[str, Any] = {"id": "shp_1", "object": "Shipment", "rates": [{"id": "rate_1", "rate": "6.07"}]}
BOUGHT = UNBOUGHT | {"postage_label": {"id": "pl_1"}, "tracking_code": "9400"}
KEY = "EZTK_very_secret"
SECRETS = (CUSTOMER.name, CUSTOMER.street1, KEY)
TALKATIVE = f"Cannot do this for {' and '.join(SECRETS)}"


def rate(rate_id: str, price: str | None, currency: str = "USD") -> dict[str, Any]:
    """Return a rate as the carrier states it: price in the currency's main unit, None for a rate without a price."""
    return {"id": rate_id, "object": "Rate", "rate": price, "currency": currency, "carrier": "X", "service": "S"}
