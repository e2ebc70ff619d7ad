"""The compensations of an order's steps, and what follows its payment, as commands: for its saga and for whoever settles it later.

Each is right whatever had been done before. Without the provider's ids they look up, by the order's id, what there is.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from activities.payment import cancel_payment
from activities.shipping import cancel_shipping
from domain.inventory.stock import CommitRequest, ReleaseRequest
from domain.orders.order import Order
from domain.orders.run import Compensation
from domain.payments.payment import CancelPaymentRequest
from domain.shipping.shipment import CancelShippingRequest
from domain.workflows.commands import Effect
from orchestrators.kernel.commands import activity, inventory_operation

RELEASE_INVENTORY: Final = "release_inventory"
CANCEL_PAYMENT: Final = "cancel_payment"
CANCEL_SHIPPING: Final = "cancel_shipping"


def releases(order: Order, now: datetime) -> list[Effect]:
    """Give every line's units back."""
    request = ReleaseRequest(order_id=order.order_id, now=now)
    return [inventory_operation("release", line.product_id, request) for line in order.lines]


def payment_cancellation(order: Order, payment_id: str | None = None) -> list[Effect]:
    """Leave the customer's money as it was."""
    return [activity(cancel_payment, CancelPaymentRequest(payment=order.payment(), payment_id=payment_id))]


def shipping_cancellation(order: Order, shipment_id: str | None = None) -> list[Effect]:
    """Give a bought label back."""
    request = CancelShippingRequest(order_id=order.order_id, shipment_id=shipment_id, announced=order.shipment())
    return [activity(cancel_shipping, request)]


def all_compensations(order: Order, now: datetime) -> Sequence[Compensation]:
    """Everything that a run of the order may have left to compensate, in the order of its steps."""
    return (
        Compensation(name=RELEASE_INVENTORY, effects=tuple(releases(order, now))),
        Compensation(name=CANCEL_PAYMENT, effects=tuple(payment_cancellation(order))),
        Compensation(name=CANCEL_SHIPPING, effects=tuple(shipping_cancellation(order))),
    )


def commits(order: Order, now: datetime) -> list[Effect]:
    """Let every line's units leave the warehouse's books. A repeat changes nothing."""
    return [
        inventory_operation(
            "commit", line.product_id, CommitRequest(order_id=order.order_id, quantity=line.quantity, now=now)
        )
        for line in order.lines
    ]
