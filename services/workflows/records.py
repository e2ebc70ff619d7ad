"""Record what holds for every instance of a run, and do what follows its end, whichever workflow's it is.

An order's end has a message to its customer, and its reminder goes last, so that the recovery timer does what a process that
died in between left open. Another run's end stands in its instance, by which the timer sees it.
"""

from typing import TYPE_CHECKING

from domain.errors import StorageUnavailable
from domain.ids import PROCESS_ORDER
from domain.mail.notification import Notification
from domain.orders.order import ENDED, OrderProgress, OrderStatus
from domain.orders.parcel import parcel_on_its_way
from domain.orders.run import run_of
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.records import Closing, RecordRun
from domain.workflows.run import CloseRun
from domain.workflows.steps import StepResult
from services.container import services
from services.orders.closing import notify_of_end

if TYPE_CHECKING:
    from domain.repositories.runs import RunRecords


def records_of(workflow: str) -> "RunRecords":
    """Return where the runs of a workflow are recorded."""
    return services().order_repository if workflow == PROCESS_ORDER else services().run_repository


def conclude(record: RecordRun) -> tuple[StepResult, list[DeadLetter | None]]:
    """Do what follows a record; a repeat changes nothing more.

    Returns:
        The answer, refused as not_notified when the outbox did not take the message; and the dead letters that were stored.
    """
    notified = StepResult() if record.notification is None else _put(record.notification)
    stored = [services().dead_letters.store(dead_letter) for dead_letter in record.dead_letters]
    has_ended = record.workflow == PROCESS_ORDER and record.progress["status"] in ENDED
    if has_ended:
        _send_off(OrderProgress.model_validate(record.progress))
    if has_ended and notified.reason_code is None:
        _forget_order(record.key, OrderStatus(record.progress["status"]))
    return notified, stored


def announce_end(closing: CloseRun, after: Closing) -> None:
    """Put the message about an order that has ended with its last compensation into the outbox. A repeat carries the same id.

    Raises:
        StorageUnavailable: The outbox or the order repository did not answer.
    """
    if closing.workflow == PROCESS_ORDER and after.status == closing.end:
        parts = services()
        notify_of_end(parts.order_repository, parts.outbox, closing.key, OrderStatus(closing.end))


def _forget_order(order_id: str, status: OrderStatus) -> None:
    """Forget an order that has ended. One that was given up may have been started again meanwhile: then it is remembered.

    What comes late from the instance that was given up must not take the reminder of the one that took over. No other end is
    ever left. A start changes the row first and remembers the order after that, so one of the two sees the other.
    """
    orders = services().order_repository
    orders.intake.forget(order_id)
    if status is not OrderStatus.NEEDS_ATTENTION:
        return
    row = orders.get(order_id)
    if row is not None and row.order is not None and row.status not in ENDED:
        orders.intake.remember(run_of(row.order, with_request=False))


def _send_off(progress: OrderProgress) -> None:
    """Have the order of a parcel known by its tracking code: the carrier's webhooks name no more."""
    parcel = parcel_on_its_way(progress)
    if parcel is not None:
        services().parcels.add(parcel)


def _put(notification: Notification) -> StepResult:
    try:
        services().outbox.put(notification)
    except StorageUnavailable as error:
        return StepResult.refused("not_notified", str(error))
    return StepResult(reference=notification.message_id)
