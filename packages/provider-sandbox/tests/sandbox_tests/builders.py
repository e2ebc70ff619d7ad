"""Requests as a shop sends them; a test says only what matters to it."""

from typing import Any

from sandbox.testing import Sandbox

GOOD_ADDRESS = {
    "name": "Jane Doe",
    "street1": "388 Townsend St",
    "city": "San Francisco",
    "state": "CA",
    "zip": "94107",
    "country": "US",
}
UNDELIVERABLE_ADDRESS = {**GOOD_ADDRESS, "street1": "1 Undeliverable Way"}


def payment(order_id: str = "order-1", *, method: str = "pm_card_visa", **others: Any) -> Any:
    """Parameters of a payment of 25.00 USD: confirmed at once, to be captured later."""
    return {
        "amount": 2500,
        "currency": "usd",
        "payment_method": method,
        "allowed_payment_method_types": ["card"],
        "capture_method": "manual",
        "confirm": True,
        "metadata": {"order_id": order_id},
        **others,
    }


def shipment(order_id: str = "order-1", **others: Any) -> dict[str, Any]:
    """Parameters of a shipment of one pound to a good address."""
    return {
        "reference": order_id,
        "to_address": GOOD_ADDRESS,
        "from_address": GOOD_ADDRESS,
        "parcel": {"length": 10, "width": 8, "height": 4, "weight": 15.4},
        **others,
    }


def wait_for_matches(sandbox: Sandbox, count: int) -> None:
    """Return once the fault rules have matched that many calls, so that a call under way has really arrived."""
    while sum(rule["matched"] for rule in sandbox.faults()) < count:
        pass
