"""The story of one order: reserve, approve if large, authorise, ship, capture, confirm; or undo."""

from datetime import timedelta
from typing import Final

import azure.durable_functions as df

from activities.notification import send_notification
from activities.order_book import record_order
from activities.payment import authorise_payment, cancel_payment, capture_payment
from activities.shipping import buy_label, cancel_shipping, create_shipment
from domain.effects import Effect
from domain.ids import notification_id
from domain.inventory import ALREADY_SETTLED, CommitRequest, ReleaseRequest, ReserveRequest
from domain.notification import Notification, NotificationKind
from domain.order import Order, OrderStatus, RecordOrder
from domain.payment import CancelPaymentRequest, CaptureRequest
from domain.shipping import BuyLabelRequest, CancelShippingRequest
from domain.steps import Outcome, StepResult
from orchestrators.approval import wait_for_approval
from orchestrators.effects import activity, inventory_operation
from orchestrators.retry import BRIEF, PERSISTENT, Wait
from orchestrators.saga import OrderStopped, Saga, Step
from orchestrators.story import NO_ANSWER

bp = df.Blueprint()

# Beyond the approval's time-out: every step's and undo's whole retry time, so that a running order keeps its goods.
_RESERVATION_MARGIN: Final = timedelta(days=2)

_TOLD: Final = {
    OrderStatus.COMPLETED: NotificationKind.ORDER_COMPLETED,
    OrderStatus.REJECTED: NotificationKind.ORDER_REJECTED,
    OrderStatus.CANCELLED: NotificationKind.ORDER_CANCELLED,
    OrderStatus.FAILED: NotificationKind.ORDER_FAILED,
}


@bp.orchestration_trigger(context_name="context")
def process_order(context: df.DurableOrchestrationContext) -> Wait:
    """Input: an `Order`. Result and custom status: an `OrderProgress`. A refusal, a fault or a cancellation undoes every step."""
    order = Order.model_validate(context.get_input())
    saga = Saga(context=context, name=order.order_id, order=order)
    try:
        yield from reserve_inventory(saga)
        yield from wait_for_approval(saga)
        payment_id = yield from process_payment(saga)
        yield from arrange_shipping(saga)
        yield from take_payment(saga, payment_id)
    except OrderStopped as stop:
        if stop.reason_code == ALREADY_SETTLED:  # a second run of one order, after the first has ended: leave no trace
            # A product that has forgotten the order has let it reserve again.
            saga.send("release_inventory", _releases(saga))
            saga.reason_code = stop.reason_code
            saga.advance(OrderStatus.REJECTED, "This order was processed before; nothing was done.")
            return saga.progress().to_wire()
        yield from saga.undo_everything(stop)
    else:
        commit_inventory(saga)
    yield from close_books(saga)
    yield from saga.park_what_is_open()
    return saga.progress().to_wire()


def reserve_inventory(saga: Saga) -> Wait:
    """Hold the goods of every line, or of none."""
    order, now = saga.order, saga.context.current_utc_datetime
    expires = now + timedelta(seconds=order.policy.approval_timeout_s) + _RESERVATION_MARGIN
    yield from saga.do(
        Step(
            name="reserve_inventory",
            effects=[
                inventory_operation(
                    "reserve",
                    line.product_id,
                    ReserveRequest(order_id=order.order_id, quantity=line.quantity, expires_at=expires, now=now),
                )
                for line in order.lines
            ],
            undo_name="release_inventory",
            undo=_releases(saga),
        )
    )
    saga.advance(OrderStatus.RESERVED, "The goods are reserved.")


def _releases(saga: Saga) -> list[Effect]:
    order, now = saga.order, saga.context.current_utc_datetime
    return [
        inventory_operation("release", line.product_id, ReleaseRequest(order_id=order.order_id, now=now))
        for line in order.lines
    ]


def process_payment(saga: Saga) -> Wait:
    """Make sure of the money: authorised, or taken at once where the policy says so. Gives the provider's payment id."""
    payment = saga.order.payment()
    result = yield from saga.do(
        Step(
            name="process_payment",
            effects=[activity(authorise_payment, payment)],
            undo_name="cancel_payment",
            undo=[activity(cancel_payment, CancelPaymentRequest(payment=payment))],
        )
    )
    known = CancelPaymentRequest(payment=payment, payment_id=result.reference)
    saga.replace_undo("cancel_payment", [activity(cancel_payment, known)])
    saga.advance(OrderStatus.AUTHORISED, "The payment is authorised.")
    return result.reference


def arrange_shipping(saga: Saga) -> Wait:
    """Announce the parcel, keep its id, then buy its label: a repeat can then only ever buy that one."""
    order_id, parcel = saga.order.order_id, saga.order.shipment()
    undo = CancelShippingRequest(order_id=order_id, announced=parcel)
    announced = yield from saga.do(
        Step(
            name="create_shipment",
            effects=[activity(create_shipment, parcel)],
            undo_name="cancel_shipping",
            undo=[activity(cancel_shipping, undo)],
        )
    )
    shipment_id = str(announced.reference)
    known = CancelShippingRequest(order_id=order_id, shipment_id=shipment_id, announced=parcel)
    saga.replace_undo("cancel_shipping", [activity(cancel_shipping, known)])
    label = BuyLabelRequest(order_id=order_id, shipment_id=shipment_id)
    yield from saga.do(Step(name="arrange_shipping", effects=[activity(buy_label, label)]))
    saga.advance(OrderStatus.SHIPPING_BOOKED, "The parcel is booked.")


def take_payment(saga: Saga, payment_id: str) -> Wait:
    """The point of no return: once this is known to be done, the order completes whatever comes."""
    if saga.order.policy.capture == "immediate":
        saga.stop_if_cancelled()
    else:
        order = saga.order
        request = CaptureRequest(
            order_id=order.order_id,
            payment_id=payment_id,
            amount_cents=order.total_cents,
            currency=order.currency,
            namespace=order.policy.namespace,
        )
        yield from saga.do(Step(name="capture_payment", effects=[activity(capture_payment, request)]))
    saga.advance(OrderStatus.COMPLETED, "The order is paid and booked.")


def commit_inventory(saga: Saga) -> None:
    """The goods leave the warehouse's books. The reservation of a running order never lapses; should one be lost all the same,
    the entity keeps what is owed, and the reconciliation reports it.
    """
    order, now = saga.order, saga.context.current_utc_datetime
    effects = [
        inventory_operation(
            "commit", line.product_id, CommitRequest(order_id=order.order_id, quantity=line.quantity, now=now)
        )
        for line in order.lines
    ]
    saga.send("commit_inventory", effects)
    if saga.cancellation.is_completed:
        late = StepResult(outcome=Outcome.REFUSED, reason_code="too_late", message="The order had been paid already.")
        saga.note("cancellation", late)


def close_books(saga: Saga) -> Wait:
    """Enter the end in the order book, where lists and reports read it, and hand the news for the customer to the outbox."""
    news = _news(saga)
    record = RecordOrder(progress=saga.progress(), news=news)
    attempts = yield from saga.call([activity(record_order, record)], PERSISTENT, seed="record_order")
    if news is None:
        return
    told = NO_ANSWER if attempts.answer is None else StepResult.model_validate(attempts.answer)
    if told.outcome is Outcome.DONE:
        saga.note("send_confirmation", told, attempts=attempts.count)
        return
    yield from saga.do_at_last(
        Step(name="send_confirmation", effects=[activity(send_notification, news)], policy=BRIEF)
    )


def _news(saga: Saga) -> Notification | None:
    """What the customer is told. An operator's matter is no news for them."""
    kind = _TOLD.get(saga.status)
    if kind is None:
        return None
    order = saga.order
    message_id = notification_id(order.order_id, kind)
    return Notification(message_id=message_id, order_id=order.order_id, kind=kind, email=order.email)
