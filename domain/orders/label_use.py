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
        return LabelUse.UNUSED
    own = _shipments(row)
    # Of an order that is past its retention no more than its status is known.
    return LabelUse.IN_USE if not own or label.shipment_id == own[-1] else LabelUse.UNUSED


def _shipments(row: OrderRow) -> list[str]:
    """Return the carrier's ids of the order's parcels, the one that was sent last."""
    ledger = () if row.result is None else row.result.steps
    announced = (each for each in ledger if each.step == CREATE_SHIPMENT and each.outcome is Outcome.DONE)
    return [each.reference for each in announced if each.reference is not None]
