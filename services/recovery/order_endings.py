"""End an order that no instance will end any more, and do what follows an end that a process died over."""

from datetime import datetime

from domain.ids import PROCESS_ORDER
from domain.orders.order import Order, OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from domain.orders.run import notification_of_end, settling
from domain.orders.steps import all_compensations, commit_inventory
from domain.workflows.advice import with_settlement
from domain.workflows.commands import Step
from domain.workflows.course import PROCESSING_STOPPED, Course, RunStopped
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.records import RecordRun
from domain.workflows.steps import CANCELLATION, LedgerEntry, Outcome, StepResult
from services.container import services
from services.workflows.records import conclude


def finish(order_id: str, now: datetime) -> list[DeadLetter | None]:
    """Do what follows the end of an order: its customer's message, dead letters for what is open. A repeat does nothing more.

    Returns the dead letters that were stored.
    """
    row = services().order_repository.get(order_id)
    if row is None or row.order is None or row.result is None:
        services().order_repository.intake.forget(order_id)
        return []
    record = RecordRun(
        workflow=PROCESS_ORDER,
        key=order_id,
        progress=row.result.to_wire(),
        notification=notification_of_end(row.order, row.status),
        dead_letters=_dead_letters(row.order, row.course, row.result, now),
    )
    _, stored = conclude(record)
    return stored


def give_up(row: OrderRow, ledger: tuple[LedgerEntry, ...], why: str, now: datetime) -> OrderProgress | None:
    """Leave an order to an operator: what any of its instances may have left open becomes dead letters, whose replay settles it.

    Args:
        row: Of the order.
        ledger: The last that is known.
        why: For people.
        now: The present time.

    Returns:
        What `OrderRepository.record` does; `finish` stores the dead letters.
    """
    assert row.order is not None
    accepted = OrderProgress(order_id=row.order_id, status=OrderStatus.ACCEPTED, message="Accepted.", steps=ledger)
    stop = RunStopped("failed" if row.cancellation is None else "cancelled", PROCESSING_STOPPED, why)
    course = Course.of_stop(stop, all_compensations(row.order, now))
    settled = services().order_repository.settle_course(settling(course, row.result or accepted))
    known = OrderProgress.model_validate(settled.progress).steps or ledger
    left_open = [
        LedgerEntry(
            step=each.name, kind="compensation", outcome=Outcome.UNKNOWN, at=now, reason_code=PROCESSING_STOPPED
        )
        for each in _left_open(row.order, settled.course, known, now)
    ]
    end = OrderProgress(
        order_id=row.order_id,
        status=OrderStatus.NEEDS_ATTENTION,
        succeeded=False,
        message=with_settlement(why, PROCESS_ORDER, row.order_id),
        reason_code=PROCESSING_STOPPED,
        steps=(*known, *_answered(row, settled.course, now), *left_open),
    )
    return services().order_repository.record(end)


def _answered(row: OrderRow, course: Course, now: datetime) -> tuple[LedgerEntry, ...]:
    """Return the answer to an accepted cancellation, when the order is to end by it."""
    if row.cancellation is None or course.end != "cancelled":
        return ()
    message = f"requested by {row.cancellation.requested_by}"
    return (LedgerEntry(step=CANCELLATION, outcome=Outcome.DONE, at=now, message=message),)


def _left_open(order: Order, course: Course, ledger: tuple[LedgerEntry, ...], now: datetime) -> tuple[Step, ...]:
    """Return what is not known to be done: of an order that is paid, the step after its payment; else the compensations."""
    return (commit_inventory(order, now),) if course.completes else course.left_open(ledger)


def _dead_letters(order: Order, course: Course | None, result: OrderProgress, now: datetime) -> tuple[DeadLetter, ...]:
    if course is None or result.status is not OrderStatus.NEEDS_ATTENTION:
        return ()
    why = StepResult(outcome=Outcome.UNKNOWN, reason_code=result.reason_code, message=result.message)
    return tuple(
        DeadLetter.of(PROCESS_ORDER, order.order_id, each, why, now, run_end=course.end)
        for each in _left_open(order, course, result.steps, now)
        if each.name in result.open_compensations
    )
