"""Process an order: reserve the goods, approve if large, authorise, ship, capture, notify the customer; or compensate."""

import azure.durable_functions as df

from activities.notification import send_notification
from domain.inventory.stock import ALREADY_SETTLED
from domain.orders import steps
from domain.orders.order import ENDED, OrderStatus
from domain.orders.run import OrderStart, notification_of_end
from domain.shipping.shipment import LabelOffer
from domain.workflows.commands import Step
from domain.workflows.course import Course, RunStopped
from domain.workflows.steps import CANCELLATION, Outcome, StepResult
from orchestrators.approval import listen_for_approval, wait_for_approval
from orchestrators.kernel.commands import activity
from orchestrators.kernel.dead_lettering import done_or_dead_lettered
from orchestrators.kernel.retry import BRIEF, Wait
from orchestrators.kernel.saga import compensate, record_end, stopped_message
from orchestrators.kernel.workflow_run import NO_ANSWER
from orchestrators.order_course import pass_pivot, settle, take_over
from orchestrators.order_in_turn import take_early
from orchestrators.order_run import OrderRun
from orchestrators.reservation import reserve_inventory

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def process_order(context: df.DurableOrchestrationContext) -> Wait:
    """Take an order's steps; compensate them all when one of them stops it.

    Input: an `OrderStart`. Result and custom status: an `OrderProgress`.
    """
    order = OrderStart.model_validate(context.get_input())
    run = OrderRun.of(context, order)
    run.listen_for_cancellation()
    listen_for_approval(run)
    course = (yield from take_over(run)) if run.attempt > 1 else None
    if (
        run.status in ENDED
    ):  # an activity of the instance before has recorded it meanwhile; the recovery timer does the rest
        return run.progress().to_wire()
    if course is None:
        course = yield from take_steps(run)
    if course.completes:
        complete(run)
    elif course.reason_code == ALREADY_SETTLED:
        leave_no_trace(run)
        return run.progress().to_wire()
    else:
        yield from stop(run, course)
    yield from close(run)
    return run.progress().to_wire()


def take_steps(run: OrderRun) -> Wait:
    """Take every step up to the point of no return. Returns the `Course` that the order goes from there."""
    try:
        yield from reserve_inventory(run)
        yield from wait_for_approval(run)
        yield from prepare(run)
        payment_id = yield from authorise_payment(run)
        announced = yield from create_shipment(run)
        yield from bind(run, payment_id, announced)
        yield from buy_label(run, announced)
        yield from capture_payment(run, payment_id)
    except RunStopped as stop:
        if stop.reason_code != ALREADY_SETTLED:
            return (yield from settle(run, stop))
        if run.attempt == 1:
            return Course.of_stop(stop)
        # The order has not moved for so long that its reservation has expired.
        lost = RunStopped("failed", "reservation_lost", "The goods were no longer reserved.")
        return (yield from settle(run, lost))
    return Course(end="completed")


def prepare(run: OrderRun) -> Wait:
    """Authorise the payment and announce the parcel with one activity.

    The parcel needs nothing of the payment, and costs nothing when it is announced in vain or twice.
    """
    order = run.order
    together = (steps.authorise_payment(order), steps.create_shipment(order))
    yield from take_early(run, together, (steps.cancel_payment(order), steps.cancel_shipping(order)))


def bind(run: OrderRun, payment_id: str, announced: StepResult) -> Wait:
    """Buy the label and capture the payment with one activity, when both ids are in the history: a repeat finds what was done.

    It buys what the announcement offered. Later attempts, each by itself, look at the shipment first: its label may be bought.
    An order whose payment was captured with its authorisation passes the point of no return by a record of its own.
    """
    order = run.order
    if order.policy.capture != "immediate":
        together = (
            steps.buy_label(order, str(announced.reference), LabelOffer.of(announced)),
            steps.capture_payment(order, payment_id, run.progress()),
        )
        yield from take_early(run, together)


def authorise_payment(run: OrderRun) -> Wait:
    """Make sure of the money. Returns the provider's id of the payment."""
    order = run.order
    payment = yield from run.do(steps.authorise_payment(order), compensation=steps.cancel_payment(order))
    run.register(steps.cancel_payment(order, payment.reference))
    run.pass_milestone(steps.AUTHORISE_PAYMENT)
    return payment.reference


def create_shipment(run: OrderRun) -> Wait:
    """Announce the parcel, and keep its id: a repeat of the purchase can then only ever buy that one's label.

    Returns the answer, with the parcel's id and, where there is one, the offer that it hands on to the purchase.
    """
    order = run.order
    shipment = yield from run.do(steps.create_shipment(order), compensation=steps.cancel_shipping(order))
    run.register(steps.cancel_shipping(order, shipment.reference))
    return shipment


def buy_label(run: OrderRun, announced: StepResult) -> Wait:
    """Buy the label of exactly this parcel."""
    yield from run.do(steps.buy_label(run.order, str(announced.reference)))
    run.pass_milestone(steps.BUY_LABEL)


def capture_payment(run: OrderRun, payment_id: str) -> Wait:
    """Pass the point of no return: once this is known to be done, and recorded, the order completes whatever comes."""
    if run.order.policy.capture == "immediate":
        run.stop_if_cancelled()
        yield from pass_pivot(run)
    else:
        yield from run.do(steps.capture_payment(run.order, payment_id, run.progress()))


def complete(run: OrderRun) -> None:
    """Let the goods leave the warehouse's books, and answer a cancellation that came too late.

    The reservation of a running order never expires; should one be lost all the same, the entity keeps what is backordered, and
    the reconciliation reports it.
    """
    run.advance(OrderStatus.COMPLETED, "The order is paid and booked.")
    run.send(steps.commit_inventory(run.order, run.context.current_utc_datetime))
    if run.cancelled_by is not None:
        run.record(CANCELLATION, StepResult.refused("too_late", "The order had been paid already."))


def stop(run: OrderRun, course: Course) -> Wait:
    """Compensate what was done. The order then ends as its course has it, or needs attention."""
    yield from compensate(run, course)
    run.reason_code = course.reason_code
    is_settled = not run.open_compensations
    status = OrderStatus(course.end) if is_settled else OrderStatus.NEEDS_ATTENTION
    run.advance(status, stopped_message(run, course))


def leave_no_trace(run: OrderRun) -> None:
    """End a second instance of one order, after the first has ended."""
    # A product that has forgotten the order has let it reserve again.
    run.send(steps.release_inventory(run.order, run.context.current_utc_datetime))
    run.reason_code = ALREADY_SETTLED
    run.advance(OrderStatus.REJECTED, "This order was processed before; nothing was done.")


def close(run: OrderRun) -> Wait:
    """Record the end, hand the customer's message to the outbox, and dead-letter what could not be compensated."""
    notification = notification_of_end(run.order, run.status)
    attempts = yield from record_end(run, notification)
    if notification is None:
        return
    notified = NO_ANSWER if attempts.answer is None else StepResult.model_validate(attempts.answer)
    if notified.outcome is Outcome.DONE:
        run.record(steps.NOTIFY_CUSTOMER, notified, attempts=attempts.count)
    else:
        step = Step(name=steps.NOTIFY_CUSTOMER, commands=(activity(send_notification, notification),))
        yield from done_or_dead_lettered(run, step, BRIEF)
