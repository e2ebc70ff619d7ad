"""Authorise, capture and cancel a customer's payment.

Each passes keys that are derived from the order, so a repeat finds what was done and moves no money. Every activity that is
added here has to keep that promise.
"""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from activities.order_progress import records_progress
from domain.orders.run import STOPPED, CapturePayment, settling
from domain.payments.payment import CancelPaymentRequest, PaymentRequest
from domain.workflows.course import Course
from domain.workflows.steps import Outcome, StepResult
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@observed(PaymentRequest)
@records_progress
def authorise_payment(request: dict) -> dict[str, Any]:
    """Make sure of the money. Refused: payment_declined, action_required, payment_method_invalid, payment_cancelled."""
    return services().payment_provider.authorise(PaymentRequest.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
@observed(CapturePayment)
@records_progress
def capture_payment(request: dict) -> dict[str, Any]:
    """Capture the authorised amount, and record that the order completes.

    Refused: authorisation_expired, payment_cancelled, payment_declined, cancelled; stopped, when the order is not to complete.
    """
    asked = CapturePayment.model_validate(request)
    before = services().order_repository.before_capture(asked.order_id)
    if before.stop is not None:
        return before.stop.to_wire()
    taken = services().payment_provider.capture(asked)
    if taken.outcome is not Outcome.DONE:
        return taken.to_wire()
    # After the capture: what is recorded is certain, and an order that stops without the record has its money paid back.
    settled = services().order_repository.settle_course(settling(Course(end="completed"), asked.progress), before)
    if not settled.course.completes:
        return StepResult.refused(STOPPED, "the order was stopped meanwhile", taken.reference).to_wire()
    return taken.to_wire()


@bp.activity_trigger(input_name="request")
@observed(CancelPaymentRequest)
@records_progress
def cancel_payment(request: dict) -> dict[str, Any]:
    """Leave the customer's money as it was. The message is how: voided, refunded or nothing_to_compensate."""
    return services().payment_provider.cancel(CancelPaymentRequest.model_validate(request)).to_wire()
