"""Take over an order from a run that the platform has failed, and settle which way an order goes once and for all its runs.

A run that takes over takes the same steps again, which changes nothing, since each is keyed by the order. Two things it must not
decide anew: an order whose payment was taken completes, because its goods may be sold by now; one that was stopped is compensated,
because its goods may be gone by now.
"""

from activities.order_repository import look_up_order, settle_course
from domain.orders.order import ENDED, OrderStatus
from domain.orders.run import Course, CourseSettled, LookUpOrder, OrderFound, SettleCourse
from domain.workflows.steps import StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.compensations import all_compensations
from orchestrators.kernel.retry import PERSISTENT, Wait
from orchestrators.kernel.saga import TAKE_OVER, OrderStopped, Saga


class RecordsUnavailable(Exception):
    """What is recorded of the order could not be read or written for hours: this run ends, and another one takes over."""


def take_over(saga: Saga) -> Wait:
    """Go on from what is recorded. Gives the course that is settled, if one is, and None when the steps are to be taken again.

    Raises RecordsUnavailable.
    """
    request = LookUpOrder(order_id=saga.order.order_id)
    attempts = yield from saga.call([activity(look_up_order, request)], PERSISTENT, seed=TAKE_OVER)
    if attempts.answer is None:
        raise RecordsUnavailable
    found = OrderFound.model_validate(attempts.answer)
    saga.register(all_compensations(saga.order, saga.context.current_utc_datetime))
    saga.asked_to_cancel, saga.decision = found.cancellation, found.decision
    if found.progress is not None and found.status is OrderStatus.AWAITING_APPROVAL:
        saga.approval = found.progress.approval
    if found.status in ENDED and found.progress is not None:
        saga.adopt(found.progress)
        saga.message, saga.reason_code = found.progress.message, found.progress.reason_code
        return None
    saga.note(
        TAKE_OVER,
        StepResult(message=f"The run before this one did not reach the order's end; this is run {saga.attempt}."),
    )
    if found.course is not None and found.course.completes and found.progress is not None:
        saga.adopt(found.progress)
    return found.course


def settle(saga: Saga, stop: OrderStopped) -> Wait:
    """Have the stop recorded as the order's course, before anything is compensated. Gives the `Course` that holds.

    Raises RecordsUnavailable in a run that takes over: whether the goods are sold is not known then.
    """
    request = SettleCourse(course=saga.course(stop), progress=saga.progress())
    attempts = yield from saga.call([activity(settle_course, request)], PERSISTENT, seed="settle_course")
    if attempts.answer is None:
        if saga.attempt > 1:
            raise RecordsUnavailable
        return request.course  # the first run: it knows that no goods are sold
    settled = CourseSettled.model_validate(attempts.answer)
    if settled.course.completes:
        saga.adopt(settled.progress)
    return settled.course


def pass_pivot(saga: Saga) -> Wait:
    """Have it recorded that the order completes, where no capture does it. Raises OrderStopped when that is unknown."""
    request = SettleCourse(course=Course(end=OrderStatus.COMPLETED), progress=saga.progress())
    attempts = yield from saga.call([activity(settle_course, request)], PERSISTENT, seed="pass_pivot")
    if attempts.answer is None:
        raise OrderStopped(OrderStatus.FAILED, "no_answer", "The order repository did not answer.")
    course = CourseSettled.model_validate(attempts.answer).course
    if not course.completes:
        raise OrderStopped(course.end, course.reason_code or "stopped", course.message or "The order was stopped.")
