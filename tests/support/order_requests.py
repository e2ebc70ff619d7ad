"""Bodies of `POST /api/orders`."""

from typing import Any

ADDRESS: dict[str, Any] = {
    "name": "Ada Lovelace",
    "street1": "388 Townsend St",
    "city": "San Francisco",
    "state": "CA",
    "postal_code": "94107",
    "country": "US",
}


def order_request(**changes: Any) -> dict[str, Any]:
    """Return a body that is accepted where the product `mug` is sold. changes: None leaves a field out."""
    body: dict[str, Any] = {
        "customer_id": "ada",
        "lines": [{"product_id": "mug", "quantity": 2}],
        "payment": {"payment_method": "pm_card_visa"},
        "ship_to": ADDRESS,
        "email": "ada@example.com",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}
