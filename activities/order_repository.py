"""Record that an order passes its point of no return, and look up what is recorded of an order."""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from domain.orders.approval import approval_wait_id
from domain.orders.run import LookUpOrder, OrderFound
from domain.workflows.course import CANCELLED, Course
from domain.workflows.records import CourseSettled, SettleCourse
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@observed(SettleCourse)
def pass_pivot(request: dict) -> dict[str, Any]:
    """Record that an order completes, unless another course is recorded. The answer is the `CourseSettled` that holds.

    Refused as cancelled or stopped when the order is not to complete.
    """
    asked = SettleCourse.model_validate(request)
    before = services().order_repository.before_capture(asked.key)
    stop = before.stop
    if stop is not None and stop.reason_code == CANCELLED:
        course = Course(end="cancelled", reason_code=CANCELLED, message=stop.message)
        return CourseSettled(outcome=stop.outcome, reason_code=CANCELLED, course=course).to_wire()
    return services().order_repository.settle_course(asked, before).to_wire()


@bp.activity_trigger(input_name="request")
def look_up_order(request: dict) -> dict[str, Any]:
    """Answer with an `OrderFound`: what is recorded of an order for a run that takes over."""
    order_id = LookUpOrder.model_validate(request).order_id
    row = services().order_repository.get(order_id)
    decision = services().approvals.decision(order_id, approval_wait_id(order_id))
    found = OrderFound(decision=decision)
    if row is not None:
        found = OrderFound(
            status=row.status,
            course=row.course,
            progress=row.result,
            cancellation=row.cancellation,
            decision=decision,
        )
    return found.to_wire()
