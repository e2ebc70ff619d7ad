"""Record what holds for every instance of a run, and do what follows its end, whichever workflow's it is.

An order's end has a message to its customer, and its reminder goes last, so that the recovery timer does what a process that
died in between left open. Another run's end stands in its instance, by which the timer sees it.
"""

from typing import TYPE_CHECKING

from domain.errors import StorageUnavailable
from domain.ids import PROCESS_ORDER
from domain.mail.notification import Notification
from domain.orders.order import ENDED, OrderStatus
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
    if has_ended and notified.reason_code is None:
        services().order_repository.intake.forget(record.key)
    return notified, stored


def announce_end(closing: CloseRun, after: Closing) -> None:
    """Put the message about an order that has ended with its last compensation into the outbox. A repeat carries the same id.

    Raises:
        StorageUnavailable: The outbox or the order repository did not answer.
    """
    if closing.workflow == PROCESS_ORDER and after.status == closing.end:
        parts = services()
        notify_of_end(parts.order_repository, parts.outbox, closing.key, OrderStatus(closing.end))


def _put(notification: Notification) -> StepResult:
    try:
        services().outbox.put(notification)
    except StorageUnavailable as error:
        return StepResult.refused("not_notified", str(error))
    return StepResult(reference=notification.message_id)
