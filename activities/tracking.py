"""Find an order's parcel, poll the carrier for its status, and record the answer."""

from typing import Any

import azure.durable_functions as df

from domain.errors import ProviderRefused
from domain.orders.row import OrderRow
from domain.orders.steps import BUY_LABEL
from domain.shipping.tracking import ParcelQuery, ParcelSeen, RecordTracking, Tracking, TrackingRequest
from domain.workflows.steps import Outcome, StepResult
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def find_parcel(request: dict) -> dict[str, Any]:
    """Return the tracking code of an order as reference, by which tracking events find the order. Refused: no_parcel."""
    order_id = TrackingRequest.model_validate(request).order_id
    code = _code(services().order_repository.get(order_id))
    if code is None:
        return StepResult.refused("no_parcel", "the order has no parcel that could be followed").to_wire()
    services().parcels.add(code, order_id)
    return StepResult(reference=code).to_wire()


@bp.activity_trigger(input_name="request")
def poll_parcel(request: dict) -> dict[str, Any]:
    """Answer with a `ParcelSeen`. Faulted as carrier_request_refused when the carrier does not answer for this parcel."""
    query = ParcelQuery.model_validate(request)
    try:
        status = services().trackers.status(query.code)
    except ProviderRefused as refusal:
        return ParcelSeen(
            outcome=Outcome.FAULTED, reason_code="carrier_request_refused", message=str(refusal)
        ).to_wire()
    return ParcelSeen(tracking=Tracking(code=query.code, status=status, seen_at=query.at)).to_wire()


@bp.activity_trigger(input_name="request")
def record_tracking(request: dict) -> dict[str, Any]:
    """Record where the parcel is; the order's status stays."""
    record = RecordTracking.model_validate(request)
    services().order_repository.record_tracking(record.order_id, record.tracking)
    return StepResult().to_wire()


def _code(row: OrderRow | None) -> str | None:
    if row is None or row.result is None:
        return None
    booked = (step.reference for step in row.result.steps if step.step == BUY_LABEL and step.reference)
    return next(booked, None)
