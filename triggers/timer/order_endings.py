"""Bring to its recorded end what no run of an order will end any more, and do what follows an end that a process died over."""

from datetime import datetime

from domain.ids import dead_letter_id
from domain.orders.order import Order, OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from domain.orders.run import COMMIT_INVENTORY, Compensation, Course, RecordOrder, SettleCourse, news_of
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.steps import LedgerEntry, Outcome
from orchestrators.kernel.compensations import all_compensations, commits
from services.container import services
from services.order_closing import conclude

PROCESSING_STOPPED = "processing_stopped"


def finish(row: OrderRow, now: datetime) -> list[DeadLetter | None]:
    """Do what follows the end of an order: its customer's message, dead letters for what is open. A repeat does nothing more.

    Gives the dead letters, for the log.
    """
    if row.order is None or row.result is None:
        services().order_repository.forget_reminder(row.order_id)
        return []
    letters = _letters(row.order, row.course, row.result, now)
    news = news_of(row.order, row.status)
    record = RecordOrder(progress=row.result, news=news, letters=letters)
    _, stored = conclude(services().order_repository, services().outbox, services().dead_letters, record)
    return stored


def give_up(row: OrderRow, ledger: tuple[LedgerEntry, ...], why: str, now: datetime) -> OrderProgress | None:
    """Leave an order to an operator: what any of its runs may have left open becomes dead letters, whose replay settles it.

    ledger: the last that is known. Gives what `OrderRepository.record` does; `finish` stores the dead letters.
    """
    assert row.order is not None
    accepted = OrderProgress(order_id=row.order_id, status=OrderStatus.ACCEPTED, message="Accepted.", steps=ledger)
    stop = Course(
        end=OrderStatus.FAILED if row.cancellation is None else OrderStatus.CANCELLED,
        reason_code=PROCESSING_STOPPED,
        message=why,
        compensations=tuple(all_compensations(row.order, now)),
    )
    settled = services().order_repository.settle_course(SettleCourse(course=stop, progress=row.result or accepted))
    open_steps = [
        LedgerEntry(
            step=each.name, kind="compensation", outcome=Outcome.UNKNOWN, at=now, reason_code=PROCESSING_STOPPED
        )
        for each in _left_open(row.order, settled.course, settled.progress.steps or ledger, now)
    ]
    end = OrderProgress(
        order_id=row.order_id,
        status=OrderStatus.NEEDS_ATTENTION,
        succeeded=False,
        message=f"{why} An operator settles what is open.",
        reason_code=PROCESSING_STOPPED,
        steps=(*(settled.progress.steps or ledger), *_answered(row, settled.course, now), *open_steps),
    )
    return services().order_repository.record(end)


def _answered(row: OrderRow, course: Course, now: datetime) -> tuple[LedgerEntry, ...]:
    """The answer to an accepted cancellation, when the order is to end by it."""
    if row.cancellation is None or course.end is not OrderStatus.CANCELLED:
        return ()
    told = f"requested by {row.cancellation.requested_by}"
    return (LedgerEntry(step="cancellation", outcome=Outcome.DONE, at=now, message=told),)


def _left_open(
    order: Order, course: Course, ledger: tuple[LedgerEntry, ...], now: datetime
) -> tuple[Compensation, ...]:
    """What is not known to be done: of an order that is paid, the step after its payment; else the compensations."""
    if course.completes:
        return (Compensation(name=COMMIT_INVENTORY, effects=tuple(commits(order, now))),)
    done = {entry.step for entry in ledger if entry.kind == "compensation" and entry.outcome is Outcome.DONE}
    return tuple(each for each in reversed(course.compensations) if each.name not in done)


def _letters(order: Order, course: Course | None, result: OrderProgress, now: datetime) -> tuple[DeadLetter, ...]:
    if course is None or result.status is not OrderStatus.NEEDS_ATTENTION:
        return ()
    return tuple(
        DeadLetter(
            dead_letter_id=dead_letter_id(order.order_id, each.name),
            order_id=order.order_id,
            step=each.name,
            effects=each.effects,
            order_end=course.end,
            reason_code=result.reason_code,
            message=result.message,
            dead_lettered_at=now,
        )
        for each in _left_open(order, course, result.steps, now)
        if each.name in result.open_compensations
    )
