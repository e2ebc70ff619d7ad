"""The mark of a payment: equal for the same payment, and for no other."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.payments.payment import CancelPaymentRequest, PaymentRequest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def request(**changes: Any) -> PaymentRequest:
    usual: dict[str, Any] = {
        "order_id": "a-1",
        "amount_cents": 2_000,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "placed_at": NOON,
        "namespace": "shop.hub",
        "customer_id": "ada",
    }
    return PaymentRequest(**usual | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"order_id": "a-2"},
        {"amount_cents": 2_001},
        {"currency": "eur"},
        {"payment_method": None},
        {"placed_at": NOON.replace(microsecond=1)},
        {"capture": "immediate"},
        {"namespace": "shop.other"},
        {"provider": "invoice"},
        {"customer_id": "bob"},
        {"customer_id": None},
    ],
)
def test_a_payment_that_differs_in_anything_has_another_mark(changes: dict[str, Any]) -> None:
    assert request(**changes).fingerprint != request().fingerprint


def test_every_field_is_tried() -> None:
    tried = {"order_id", "amount_cents", "currency", "payment_method", "placed_at", "capture", "namespace"}
    assert set(PaymentRequest.model_fields) == tried | {"provider", "customer_id"}


def test_a_payment_keeps_its_mark_on_its_way_through_a_stored_command() -> None:
    stored = CancelPaymentRequest(payment=request()).model_dump_json()
    assert CancelPaymentRequest.model_validate_json(stored).payment.fingerprint == request().fingerprint
