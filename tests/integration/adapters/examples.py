"""Requests as the saga makes them, and the saga's patience. Each builder takes only what its test is about."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from domain.errors import ProviderUnavailable
from domain.payments.payment import CancelPaymentRequest, CaptureRequest, PaymentRequest
from domain.shipping.customs import CustomsDeclaration, CustomsItem
from domain.shipping.shipment import Address, BuyLabelRequest, CancelShippingRequest, LabelOffer, ShipmentRequest
from domain.workflows.steps import StepResult
from sandbox.testing import Sandbox

T = TypeVar("T")

ORDER = "order-1"
AMOUNT = 2_500
PLACED_AT = datetime.now(UTC)
WAREHOUSE = Address(
    name="Example Shop",
    street1="417 Montgomery Street",
    city="San Francisco",
    state="CA",
    postal_code="94104",
    country="US",
)
CUSTOMER = Address(
    name="Ada Byron", street1="179 N Harbor Dr", city="Redondo Beach", state="CA", postal_code="90277", country="US"
)
NOWHERE = CUSTOMER.model_copy(update={"street1": "UNDELIVERABLE"})
ABROAD = CUSTOMER.model_copy(update={"country": "CA", "postal_code": "K1A 0B1", "state": "ON"})
DECLARED = CustomsDeclaration(
    signer="Jane Doe",
    contents="merchandise",
    items=(
        CustomsItem(
            description="Stoneware mugs",
            quantity=2,
            weight_grams=1_200,
            value_cents=2_500,
            currency="usd",
            hs_code="6912.00",
            origin_country="PT",
        ),
    ),
    exemption="NOEEI 30.36",
)


def payment(order_id: str = ORDER, **changes: Any) -> PaymentRequest:
    values = {
        "order_id": order_id,
        "amount_cents": AMOUNT,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "placed_at": PLACED_AT,
    }
    return PaymentRequest(**values | changes)


def capture(payment_id: str | None, order_id: str = ORDER, amount_cents: int = AMOUNT) -> CaptureRequest:
    assert payment_id is not None
    return CaptureRequest(order_id=order_id, payment_id=payment_id, amount_cents=amount_cents, currency="usd")


def compensation(request: PaymentRequest, payment_id: str | None = None) -> CancelPaymentRequest:
    return CancelPaymentRequest(payment=request, payment_id=payment_id)


def shipment(order_id: str = ORDER, **changes: Any) -> ShipmentRequest:
    values = {"order_id": order_id, "ship_to": CUSTOMER, "weight_grams": 1_200}
    return ShipmentRequest(**values | changes)


def label(shipment_id: str | None, order_id: str = ORDER) -> BuyLabelRequest:
    assert shipment_id is not None
    return BuyLabelRequest(order_id=order_id, shipment_id=shipment_id)


def label_as_offered(announced: StepResult) -> BuyLabelRequest:
    offer = LabelOffer.of(announced)
    assert offer is not None
    return label(announced.reference).model_copy(update={"offer": offer})


def compensate_shipping(shipment_id: str | None = None, order_id: str = ORDER) -> CancelShippingRequest:
    return CancelShippingRequest(order_id=order_id, shipment_id=shipment_id)


def labels(sandbox: Sandbox) -> tuple[int, int]:
    """Return how many labels were bought over all parcels, and how many of them are still to be paid."""
    parcels = sandbox.parcels()
    return sum(row["label_bought"] for row in parcels), sum(row["label_active"] for row in parcels)


def until_answered(call: Callable[[], T], attempts: int = 60) -> T:
    """Send the same request again until it is answered, as the orchestrations do, but without waiting."""
    for _ in range(attempts - 1):
        try:
            return call()
        except ProviderUnavailable:
            continue
    return call()


def answer_or_none(call: Callable[[], T]) -> T | None:
    """Send a request a few times, as a step's retry policy does, and give up."""
    try:
        return until_answered(call, attempts=4)
    except ProviderUnavailable:
        return None
