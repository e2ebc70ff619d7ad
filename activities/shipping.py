"""Announce a parcel, buy its label, and leave no paid label behind."""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from activities.order_progress import records_progress
from domain.shipping.shipment import BuyLabelRequest, CancelShippingRequest, ShipmentRequest
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@observed(ShipmentRequest)
@records_progress
def create_shipment(request: dict) -> dict[str, Any]:
    """Announce a parcel; nothing is paid yet. Refused: undeliverable."""
    return services().carrier.create_shipment(ShipmentRequest.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
@observed(BuyLabelRequest)
@records_progress
def buy_label(request: dict) -> dict[str, Any]:
    """Buy the cheapest label, unless one is bought. The reference is the tracking code."""
    return services().carrier.buy_label(BuyLabelRequest.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
@observed(CancelShippingRequest)
@records_progress
def cancel_shipping(request: dict) -> dict[str, Any]:
    """Give a bought label back. The message is what there was: label_refunded or nothing_to_compensate."""
    return services().carrier.cancel(CancelShippingRequest.model_validate(request)).to_wire()
