"""Record where an order stands, and the decision of an approval wait."""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from domain.orders.approval import approval_wait_id
from domain.orders.order import CloseOrder, OrderStatus
from domain.orders.run import CourseSettled, LookUpOrder, OrderFound, RecordOrder, SettleCourse
from domain.workflows.course import CANCELLED, Course
from domain.workflows.decision import ApprovalFound, LookUpApproval, SettleApprovalRequest
from domain.workflows.steps import StepResult
from services.container import services
from services.orders.closing import conclude, notify_of_end
from services.telemetry import emit_dead_letter, emit_status

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@observed(RecordOrder)
def record_order(request: dict) -> dict[str, Any]:
    """Record an order's progress, store its message in the outbox, and dead-letter its open compensations.

    Progress never moves an order back. The recovery timer checks the order until all of it is done. It is one activity, because
    every order ends with it. Refused as not_notified when only the message failed.
    """
    record = RecordOrder.model_validate(request)
    emit_status(services().order_repository.record(record.progress))
    notified, stored = conclude(services().order_repository, services().outbox, services().dead_letters, record)
    for dead_letter in stored:
        emit_dead_letter(dead_letter)
    return notified.to_wire()


@bp.activity_trigger(input_name="request")
@observed(SettleCourse)
def settle_course(request: dict) -> dict[str, Any]:
    """Record which way an order goes, unless that is recorded. Answers with the `CourseSettled` that holds.

    Refused as cancelled or stopped when the order was to complete and is not to.
    """
    asked = SettleCourse.model_validate(request)
    stop = services().order_repository.stop_before_capture(asked.progress.order_id) if asked.course.completes else None
    if stop is not None and stop.reason_code == CANCELLED:
        course = Course(end="cancelled", reason_code=CANCELLED, message=stop.message)
        return CourseSettled(
            outcome=stop.outcome, reason_code=CANCELLED, course=course, progress=asked.progress
        ).to_wire()
    return services().order_repository.settle_course(asked).to_wire()


@bp.activity_trigger(input_name="request")
def look_up_order(request: dict) -> dict[str, Any]:
    """Answers with an `OrderFound`: what is recorded of an order for a run that takes over."""
    order_id = LookUpOrder.model_validate(request).order_id
    orders = services().order_repository
    row, decision = orders.get(order_id), orders.decision(order_id, approval_wait_id(order_id))
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


@bp.activity_trigger(input_name="request")
def look_up_approval(request: dict) -> dict[str, Any]:
    """Answers with an `ApprovalFound`."""
    wait = LookUpApproval.model_validate(request)
    return ApprovalFound(settled=services().order_repository.decision(wait.key, wait.wait_id)).to_wire()


@bp.activity_trigger(input_name="request")
@observed(SettleApprovalRequest)
def settle_approval(request: dict) -> dict[str, Any]:
    """Record a decision unless there is one. Answers with the `SettledApproval` that holds."""
    return services().order_repository.settle(SettleApprovalRequest.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
@observed(CloseOrder)
def close_order(request: dict) -> dict[str, Any]:
    """Record a compensation that was completed late; with the last one the order ends, and its customer is notified.

    Refused as not_waiting when the order does not need attention.
    """
    closing = CloseOrder.model_validate(request)
    after = services().order_repository.close(closing)
    if after is None or after.status not in (closing.status, OrderStatus.NEEDS_ATTENTION):
        status = "unknown" if after is None else after.status
        return StepResult.refused("not_waiting", f"the order's status is {status}").to_wire()
    emit_status(after.changed)
    if after.status is closing.status:
        notify_of_end(services().order_repository, services().outbox, closing)
    return StepResult().to_wire()
