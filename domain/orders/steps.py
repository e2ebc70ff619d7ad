"""The steps of an order's saga and their compensations, as commands: for the saga, and for what settles an order without it.

Each name stands once, here: ledger, activities, telemetry, queries and documents use the same. Each command is right whatever
had been done before. Compensations look up, by the order's id, what there is, unless they are given the provider's id.
"""

from datetime import datetime, timedelta
from typing import Final

from domain.ids import INVENTORY_ENTITY
from domain.inventory.requests import CommitRequest, ReleaseRequest, ReserveRequest
from domain.orders.order import Order, OrderProgress
from domain.orders.run import CapturePayment
from domain.payments.payment import CancelPaymentRequest
from domain.shipping.shipment import CancelShippingRequest, LabelOffer
from domain.workflows.commands import Compensation, Step, activity_command, entity_command

RESERVE_INVENTORY: Final = "reserve_inventory"
RELEASE_INVENTORY: Final = "release_inventory"
WAIT_FOR_APPROVAL: Final = "wait_for_approval"
AUTHORISE_PAYMENT: Final = "authorise_payment"
CANCEL_PAYMENT: Final = "cancel_payment"
CREATE_SHIPMENT: Final = "create_shipment"
BUY_LABEL: Final = "buy_label"
CANCEL_SHIPPING: Final = "cancel_shipping"
CAPTURE_PAYMENT: Final = "capture_payment"
COMMIT_INVENTORY: Final = "commit_inventory"
NOTIFY_CUSTOMER: Final = "notify_customer"

# Beyond the approval's time-out: every step's and compensation's whole retry time, so that a running order keeps its goods.
_RESERVATION_MARGIN: Final = timedelta(days=2)


def reserve_inventory(order: Order, now: datetime) -> Step:
    """Reserve the goods of every line, each at its product's entity, or at the order's shard of it."""
    expires_at = expiry_of_reservation(order, now)
    commands = (
        entity_command(
            INVENTORY_ENTITY,
            line.stock_key,
            "reserve",
            ReserveRequest(
                order_id=order.order_id,
                quantity=line.quantity,
                expires_at=expires_at,
                now=now,
                placed_at=order.placed_at,
            ),
        )
        for line in order.lines
    )
    return Step(name=RESERVE_INVENTORY, commands=tuple(commands))


def expiry_of_reservation(order: Order, now: datetime) -> datetime:
    """Return when a reservation that is made now expires."""
    return now + timedelta(seconds=order.policy.approval_timeout_s) + _RESERVATION_MARGIN


def release_inventory(order: Order, now: datetime) -> Compensation:
    """Give every line's units back."""
    request = ReleaseRequest(order_id=order.order_id, now=now, placed_at=order.placed_at)
    commands = (entity_command(INVENTORY_ENTITY, line.stock_key, "release", request) for line in order.lines)
    return Compensation(name=RELEASE_INVENTORY, commands=tuple(commands))


def authorise_payment(order: Order) -> Step:
    """Make sure of the money: authorised, or taken at once where the order's policy says so."""
    return Step(name=AUTHORISE_PAYMENT, commands=(activity_command(AUTHORISE_PAYMENT, order.payment()),))


def cancel_payment(order: Order, payment_id: str | None = None) -> Compensation:
    """Leave the customer's money as it was."""
    request = CancelPaymentRequest(payment=order.payment(), payment_id=payment_id)
    return Compensation(name=CANCEL_PAYMENT, commands=(activity_command(CANCEL_PAYMENT, request),))


def create_shipment(order: Order) -> Step:
    """Announce the parcel under the order's id; nothing is paid yet."""
    return Step(name=CREATE_SHIPMENT, commands=(activity_command(CREATE_SHIPMENT, order.shipment()),))


def buy_label(order: Order, shipment_id: str, offer: LabelOffer | None = None) -> Step:
    """Buy the cheapest label of exactly this parcel. offer: the label, where it need not be looked for."""
    request = order.label(shipment_id).model_copy(update={"offer": offer})
    return Step(name=BUY_LABEL, commands=(activity_command(BUY_LABEL, request),))


def cancel_shipping(order: Order, shipment_id: str | None = None) -> Compensation:
    """Give a bought label back."""
    request = CancelShippingRequest(order_id=order.order_id, shipment_id=shipment_id, announced=order.shipment())
    return Compensation(name=CANCEL_SHIPPING, commands=(activity_command(CANCEL_SHIPPING, request),))


def capture_payment(order: Order, payment_id: str, progress: OrderProgress) -> Step:
    """Take the authorised money, and record with it where the order stands."""
    request = CapturePayment(
        order_id=order.order_id,
        payment_id=payment_id,
        amount_cents=order.total_cents,
        currency=order.currency,
        namespace=order.policy.namespace,
        provider=order.payment_provider,
        progress=progress,
    )
    return Step(name=CAPTURE_PAYMENT, commands=(activity_command(CAPTURE_PAYMENT, request),))


def commit_inventory(order: Order, now: datetime) -> Step:
    """Let every line's units leave the warehouse's books. A repeat changes nothing."""
    commands = (
        entity_command(
            INVENTORY_ENTITY,
            line.stock_key,
            "commit",
            CommitRequest(order_id=order.order_id, quantity=line.quantity, placed_at=order.placed_at, now=now),
        )
        for line in order.lines
    )
    return Step(name=COMMIT_INVENTORY, commands=tuple(commands))


def all_compensations(order: Order, now: datetime) -> tuple[Compensation, ...]:
    """Return everything that a run of the order may have left to compensate, in the order of its steps."""
    return (release_inventory(order, now), cancel_payment(order), cancel_shipping(order))
