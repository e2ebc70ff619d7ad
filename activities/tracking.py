"""Find an order's parcel, poll the carrier for its status, and record the answer."""

from typing import Any

import azure.durable_functions as df

from domain.errors import ProviderRefused
from domain.orders.parcel import parcel_on_its_way
from domain.shipping.tracking import ParcelQuery, ParcelSeen, RecordTracking, TrackingRequest
from domain.workflows.steps import Outcome, StepResult
from services.container import services
from services.shipping.following import follow
from services.telemetry import emit_place

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def find_parcel(request: dict) -> dict[str, Any]:
    """Return the tracking code of a completed order as reference, and have it known as watched. Refused: no_parcel."""
    row = services().order_repository.get(TrackingRequest.model_validate(request).order_id)
    parcel = None if row is None or row.result is None else parcel_on_its_way(row.result)
    if parcel is None or not follow(parcel.model_copy(update={"is_watched": True})):
        return StepResult.refused("no_parcel", "the order has no parcel that could be followed").to_wire()
    return StepResult(reference=parcel.code).to_wire()


@bp.activity_trigger(input_name="request")
def poll_parcel(request: dict) -> dict[str, Any]:
    """Answer with a `ParcelSeen`. Faulted as carrier_request_refused when the carrier does not answer for this parcel."""
    query = ParcelQuery.model_validate(request)
    try:
        report = services().trackers.report(query.code)
    except ProviderRefused as refusal:
        return ParcelSeen(
            outcome=Outcome.FAULTED, reason_code="carrier_request_refused", message=str(refusal)
        ).to_wire()
    return ParcelSeen(tracking=report.seen(query.at)).to_wire()


@bp.activity_trigger(input_name="request")
def record_tracking(request: dict) -> dict[str, Any]:
    """Record where the parcel is, unless more is known; the order's status stays."""
    record = RecordTracking.model_validate(request)
    if services().open_parcels.record(record.order_id, record.tracking, record.tracking.seen_at):
        emit_place(record.order_id, record.tracking)
    return StepResult().to_wire()
