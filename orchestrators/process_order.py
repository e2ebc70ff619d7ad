"""The story of one order: reserve, approve if large, authorise, ship, capture, confirm; or compensation."""

from datetime import timedelta
from typing import Any, Final

import azure.durable_functions as df

from activities.notification import send_notification
from activities.order_repository import record_order
from activities.payment import authorise_payment, capture_payment
from activities.shipping import buy_label, create_shipment
from domain.inventory.stock import ALREADY_SETTLED, ReserveRequest
from domain.orders.order import ENDED, OrderStatus
from domain.orders.run import COMMIT_INVENTORY, CapturePayment, Course, OrderStart, RecordOrder, news_of
from domain.workflows.steps import Outcome, StepResult
from orchestrators.approval import wait_for_approval
from orchestrators.kernel.commands import activity, inventory_operation
from orchestrators.kernel.compensations import (
    CANCEL_PAYMENT,
    CANCEL_SHIPPING,
    RELEASE_INVENTORY,
    commits,
    payment_cancellation,
    releases,
    shipping_cancellation,
)
from orchestrators.kernel.retry import BRIEF, PERSISTENT, Wait
from orchestrators.kernel.run import NO_ANSWER
from orchestrators.kernel.saga import OrderStopped, Saga, Step
from orchestrators.kernel.takeover import pass_pivot, settle, take_over

bp = df.Blueprint()

# Beyond the approval's time-out: every step's and compensation's whole retry time, so that a running order keeps its goods.
_RESERVATION_MARGIN: Final = timedelta(days=2)


@bp.orchestration_trigger(context_name="context")
def process_order(context: df.DurableOrchestrationContext) -> Wait:
    """Input: an `OrderStart`. Result and custom status: an `OrderProgress`. What stops an order has every step compensated."""
    order = OrderStart.model_validate(context.get_input())
    saga = Saga(context=context, name=order.order_id, order=order, attempt=order.attempt)
    course = (yield from take_over(saga)) if saga.attempt > 1 else None
    if (
        saga.status in ENDED
    ):  # an activity of the run before has recorded it meanwhile; the recovery timer does what follows
        return saga.progress().to_wire()
    if course is None:
        course = yield from go_forward(saga)
    if course.completes:
        complete(saga)
    elif course.reason_code == ALREADY_SETTLED:
        return leave_no_trace(saga)
    else:
        yield from saga.compensate_everything(course)
    yield from close_books(saga)
    return saga.progress().to_wire()


def go_forward(saga: Saga) -> Wait:
    """Take every step up to the point of no return. Gives the `Course` that the order goes from there."""
    try:
        yield from reserve_inventory(saga)
        yield from wait_for_approval(saga)
        payment_id = yield from process_payment(saga)
        yield from arrange_shipping(saga)
        yield from take_payment(saga, payment_id)
    except OrderStopped as stop:
        if stop.reason_code != ALREADY_SETTLED:
            return (yield from settle(saga, stop))
        if saga.attempt == 1:
            return saga.course(stop)
        # The order stands still since so long that its reservation has run out.
        lost = OrderStopped(OrderStatus.FAILED, "reservation_lost", "The goods were no longer reserved.")
        return (yield from settle(saga, lost))
    return Course(end=OrderStatus.COMPLETED)


def complete(saga: Saga) -> None:
    """Past the point of no return: the order completes whatever comes."""
    saga.advance(OrderStatus.COMPLETED, "The order is paid and booked.")
    commit_inventory(saga)


def leave_no_trace(saga: Saga) -> dict[str, Any]:
    """End a second run of one order, after the first has ended."""
    # A product that has forgotten the order has let it reserve again.
    saga.send(RELEASE_INVENTORY, releases(saga.order, saga.context.current_utc_datetime))
    saga.reason_code = ALREADY_SETTLED
    saga.advance(OrderStatus.REJECTED, "This order was processed before; nothing was done.")
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
            compensation_name=RELEASE_INVENTORY,
            compensation=releases(order, now),
        )
    )
    saga.advance(OrderStatus.RESERVED, "The goods are reserved.")


def process_payment(saga: Saga) -> Wait:
    """Make sure of the money: authorised, or taken at once where the policy says so. Gives the provider's payment id."""
    payment = saga.order.payment()
    result = yield from saga.do(
        Step(
            name="process_payment",
            effects=[activity(authorise_payment, payment)],
            compensation_name=CANCEL_PAYMENT,
            compensation=payment_cancellation(saga.order),
        )
    )
    saga.replace_compensation(CANCEL_PAYMENT, payment_cancellation(saga.order, result.reference))
    saga.advance(OrderStatus.AUTHORISED, "The payment is authorised.")
    return result.reference


def arrange_shipping(saga: Saga) -> Wait:
    """Announce the parcel, keep its id, then buy its label: a repeat can then only ever buy that one."""
    announced = yield from saga.do(
        Step(
            name="create_shipment",
            effects=[activity(create_shipment, saga.order.shipment())],
            compensation_name=CANCEL_SHIPPING,
            compensation=shipping_cancellation(saga.order),
        )
    )
    shipment_id = str(announced.reference)
    saga.replace_compensation(CANCEL_SHIPPING, shipping_cancellation(saga.order, shipment_id))
    label = saga.order.label(shipment_id)
    yield from saga.do(Step(name="arrange_shipping", effects=[activity(buy_label, label)]))
    saga.advance(OrderStatus.SHIPPING_BOOKED, "The parcel is booked.")


def take_payment(saga: Saga, payment_id: str) -> Wait:
    """The point of no return: once this is known to be done, and recorded, the order completes whatever comes."""
    if saga.order.policy.capture == "immediate":
        saga.stop_if_cancelled()
        yield from pass_pivot(saga)
        return
    order = saga.order
    request = CapturePayment(
        order_id=order.order_id,
        payment_id=payment_id,
        amount_cents=order.total_cents,
        currency=order.currency,
        namespace=order.policy.namespace,
        progress=saga.progress(),
    )
    yield from saga.do(Step(name="capture_payment", effects=[activity(capture_payment, request)]))


def commit_inventory(saga: Saga) -> None:
    """The goods leave the warehouse's books. The reservation of a running order never lapses; should one be lost all the same,
    the entity keeps what is backordered, and the reconciliation reports it.
    """
    saga.send(COMMIT_INVENTORY, commits(saga.order, saga.context.current_utc_datetime))
    if saga.cancellation.is_completed or saga.asked_to_cancel is not None:
        late = StepResult(outcome=Outcome.REFUSED, reason_code="too_late", message="The order had been paid already.")
        saga.note("cancellation", late)


def close_books(saga: Saga) -> Wait:
    """Record the end, hand the message for the customer to the outbox, and leave to an operator what could not be compensated."""
    news, letters = news_of(saga.order, saga.status), saga.open_letters
    record = RecordOrder(progress=saga.progress(), news=news, letters=letters)
    attempts = yield from saga.call([activity(record_order, record)], PERSISTENT, seed="record_order")
    if attempts.answer is None:
        yield from saga.dead_letter_what_is_open()
    if news is None:
        return
    told = NO_ANSWER if attempts.answer is None else StepResult.model_validate(attempts.answer)
    if told.outcome is Outcome.DONE:
        saga.note("send_confirmation", told, attempts=attempts.count)
        return
    yield from saga.do_at_last(
        Step(name="send_confirmation", effects=[activity(send_notification, news)], policy=BRIEF)
    )
