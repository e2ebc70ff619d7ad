"""Take over an order from an instance that the platform has failed, and settle which way it goes once and for all instances.

An instance that takes over takes the same steps again, which changes nothing, since each is keyed by the order. Two things it
must not decide anew: an order whose payment was taken completes, because its goods may be sold by now; one that was stopped is
compensated, because its goods may be gone by now.
"""

from activities import order_repository
from domain.orders.order import ENDED, OrderProgress, OrderStatus
from domain.orders.run import LookUpOrder, OrderFound, settling
from domain.orders.steps import all_compensations
from domain.workflows.course import Course, RunStopped
from domain.workflows.records import CourseSettled
from domain.workflows.steps import TAKE_OVER, StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT, Wait
from orchestrators.kernel.saga import settle_course
from orchestrators.order_run import OrderRun


class RecordsUnavailable(Exception):
    """What is recorded of the order could not be read or written for hours: this instance fails, and another takes over."""


def take_over(run: OrderRun) -> Wait:
    """Go on from what is recorded.

    Returns the course that is settled, if one is, and None when the steps are to be taken again. Raises RecordsUnavailable.
    """
    request = LookUpOrder(order_id=run.key)
    attempts = yield from run.call([activity(order_repository.look_up_order, request)], PERSISTENT, seed=TAKE_OVER)
    if attempts.answer is None:
        raise RecordsUnavailable
    found = OrderFound.model_validate(attempts.answer)
    # The instance before may have taken any step.
    run.compensations = [*all_compensations(run.order, run.context.current_utc_datetime)]
    run.cancellation_request, run.decision = found.cancellation, found.decision
    if found.progress is not None and found.status is OrderStatus.AWAITING_APPROVAL:
        run.approval = found.progress.approval
    if found.status in ENDED and found.progress is not None:
        run.adopt(found.progress)
        run.message, run.reason_code = found.progress.message, found.progress.reason_code
        return None
    message = f"The instance before this one did not reach the order's end; this is the order's instance {run.attempt}."
    run.record(TAKE_OVER, StepResult(message=message))
    if found.course is not None and found.course.completes and found.progress is not None:
        run.adopt(found.progress)
    return found.course


def settle(run: OrderRun, stop: RunStopped) -> Wait:
    """Have the stop recorded as the order's course, before anything is compensated. Returns the `Course` that holds.

    Raises RecordsUnavailable in an instance that takes over: whether the goods are sold is not known then.
    """
    course = Course.of_stop(stop, run.compensations)
    settled = yield from settle_course(run, course, run.progress())
    if settled is None:
        if run.attempt > 1:
            raise RecordsUnavailable
        return course  # the first instance: it knows that no goods are sold
    if settled.course.completes:
        run.adopt(OrderProgress.model_validate(settled.progress))
    return settled.course


def pass_pivot(run: OrderRun) -> Wait:
    """Have it recorded that the order completes, where no capture does it. Raises RunStopped when that is unknown."""
    request = settling(Course(end="completed"), run.progress())
    attempts = yield from run.call([activity(order_repository.pass_pivot, request)], PERSISTENT, seed="pass_pivot")
    if attempts.answer is None:
        raise RunStopped("failed", "no_answer", "The order repository did not answer.")
    course = CourseSettled.model_validate(attempts.answer).course
    if not course.completes:
        raise RunStopped(course.end, course.reason_code or "stopped", course.message or "The order was stopped.")
