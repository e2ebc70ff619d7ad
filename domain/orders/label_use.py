"""Whether an order uses a label that the carrier has of it."""

from domain.orders.order import ENDS, OrderStatus
from domain.orders.row import OrderRow
from domain.orders.steps import CREATE_SHIPMENT
from domain.shipping.labels import CarrierLabel, LabelUse
from domain.workflows.steps import Outcome


def label_use(label: CarrierLabel, row: OrderRow | None) -> LabelUse:
    """Return what an order has to do with a label that is marked with it.

    Args:
        label: As the carrier has it.
        row: The order's row, read after the label; None when there is no such order.
    """
    if row is None:
        return LabelUse.UNKNOWN_ORDER
    if row.status not in ENDS:
        return LabelUse.OPEN
    if row.status is not OrderStatus.COMPLETED:
        # Past its retention it is not known any more what an operator has decided of its label.
        return LabelUse.UNUSED if row.result is not None and row.result.steps else LabelUse.UNKNOWN_ORDER
    return LabelUse.IN_USE if sent_shipment(row) in (None, label.shipment_id) else LabelUse.UNUSED


def sent_shipment(row: OrderRow) -> str | None:
    """Return the carrier's id of the parcel that an order has sent.

    None where it has sent none, and where no more than its status is known, as of one that is past its retention.
    """
    if row.status is not OrderStatus.COMPLETED or row.result is None:
        return None
    announced = (
        each for each in reversed(row.result.steps) if each.step == CREATE_SHIPMENT and each.outcome is Outcome.DONE
    )
    return next((each.reference for each in announced if each.reference is not None), None)
