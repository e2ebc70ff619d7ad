"""Authorise, capture and cancel a customer's payment.

Each passes keys that are derived from the order, so a repeat finds what was done and moves no money. Whoever adds an activity
here keeps that promise.
"""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from adapters.compose import payment_provider
from domain.payment import CancelPaymentRequest, CaptureRequest, PaymentRequest

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@observed
def authorise_payment(request: dict) -> dict[str, Any]:
    """Make sure of the money. Refused: payment_declined, action_required, payment_method_invalid, payment_cancelled."""
    return payment_provider().authorise(PaymentRequest.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
@observed
def capture_payment(request: dict) -> dict[str, Any]:
    """Take what was authorised. Refused: authorisation_expired, payment_cancelled, payment_declined."""
    return payment_provider().capture(CaptureRequest.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
@observed
def cancel_payment(request: dict) -> dict[str, Any]:
    """Leave the customer's money as it was. The message says how: voided, refunded or nothing_to_undo."""
    return payment_provider().cancel(CancelPaymentRequest.model_validate(request)).to_wire()
