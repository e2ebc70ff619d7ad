"""The parcel of an order, as its ledger shows it."""

from pydantic import ValidationError

from domain.orders.order import OrderProgress, OrderStatus
from domain.orders.steps import BUY_LABEL, CREATE_SHIPMENT
from domain.shipping.parcels import Parcel
from domain.shipping.shipment import TRACKER
from domain.workflows.steps import LedgerEntry


def parcel_on_its_way(progress: OrderProgress) -> Parcel | None:
    """Return the parcel that an order's completion sends.

    None where the order has not completed or has no parcel, and for a code that no request could name: that parcel is not followed,
    and its order completes all the same.
    """
    label = _last(progress, BUY_LABEL)
    if progress.status is not OrderStatus.COMPLETED or label is None or label.reference is None:
        return None
    shipment = _last(progress, CREATE_SHIPMENT)
    try:
        return Parcel(
            code=label.reference,
            order_id=progress.order_id,
            shipment_id=None if shipment is None else shipment.reference,
            tracker_id=(label.facts or {}).get(TRACKER),
        )
    except ValidationError:
        return None


def _last(progress: OrderProgress, step: str) -> LedgerEntry | None:
    return next((each for each in reversed(progress.steps) if each.step == step and each.reference), None)
