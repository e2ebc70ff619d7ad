"""The order repository: one row per order id, written before the order's saga starts and closed when it ends.

A row is what makes intake happen once: it is inserted only if absent, and never deleted. A row's status only moves as the
transition table allows, so that a repeated or late message cannot reopen an order.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_pages import read_page
from adapters.stores.insert_once import REMINDERS, forget_reminder, insert_once, read_reminder, record_try, reminders
from adapters.stores.order_rows import (
    PARTITION,
    cancellation_entity,
    course_entity,
    is_newer,
    new_entity,
    progress_entity,
    row_of,
    tracking_entity,
    with_late_cancellation,
)
from domain.errors import EndNotKnown, StorageUnavailable
from domain.orders.approval import CancellationRequest, SettleApprovalRequest, SettledApproval
from domain.orders.order import ENDED, CloseOrder, Order, OrderProgress, OrderStatus
from domain.orders.row import Closing, OrderRow
from domain.orders.run import STOPPED, CourseSettled, SettleCourse
from domain.page import Page
from domain.shipping.tracking import Tracking
from domain.workflows.course import CANCELLED
from domain.workflows.intake import Intake, Reminder
from domain.workflows.steps import LedgerEntry, Outcome, StepResult

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_ORDERS: Final = "orders"
_APPROVALS: Final = "approvals"
_FIRST_ID: Final = "0"
# Hardly anybody but an order's own saga writes its row: more collisions than this in a row mean that something is wrong.
_MOST_COLLISIONS: Final = 5
_TOO_MANY: Final = "the order repository: a row is being changed by too many at once"


class OrderRepository:
    """Every method raises StorageUnavailable when the tables do not answer."""

    def __init__(self, storage: Storage) -> None:
        self._orders = storage.table(_ORDERS)
        self._approvals = storage.table(_APPROVALS)

    def accept(self, order: Order, fingerprint: str) -> Intake:
        """Enter a new order, unless its id is known. fingerprint: equal for equal request bodies.

        An id that is known in another case is another order's: people, and the payment provider's search, would take the two
        for one.
        """
        with storage_errors("the order repository"):
            return insert_once(
                self._orders, new_entity(order, fingerprint), {"placed_at": order.placed_at}, any_case=True
            )

    def get(self, order_id: str) -> OrderRow | None:
        """One order; None when the repository does not know it."""
        with storage_errors("the order repository"):
            entity = self._find(order_id)
        return None if entity is None else row_of(entity)

    def list(
        self,
        *,
        customer_id: str | None = None,
        status: OrderStatus | None = None,
        placed_from: datetime | None = None,
        placed_to: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[OrderRow]:
        """Orders by id. placed_from is included, placed_to is not. A page may be short of `limit` and still have a next one.

        A filter spares the answer, not the reading: the service goes through the repository's rows for whatever is asked of it.

        Raises InvalidCursor.
        """
        filters = {
            "RowKey ge @ids": _FIRST_ID,
            "RowKey lt @reminders": REMINDERS,
            "customer_id eq @customer_id": customer_id,
            "status eq @status": None if status is None else str(status),
            "placed_at ge @placed_from": placed_from,
            "placed_at lt @placed_to": placed_to,
        }
        with storage_errors("the order repository"):
            return created_on_first_use(
                lambda: read_page(self._orders, PARTITION, filters, row_of, cursor=cursor, limit=limit),
                lambda: create_table(self._orders),
            )

    def open_orders(self, before: datetime) -> Sequence[Reminder]:
        """The orders placed before then that have not ended, or whose end was not recorded with all that follows it."""
        with storage_errors("the order repository"):
            return [read_reminder(row) for row in reminders(self._orders, PARTITION) if row["placed_at"] < before]

    def record_try(self, reminder: Reminder, tries: int, now: datetime) -> bool:
        """Count a start of another run before it is made; False when another process was faster."""
        with storage_errors("the order repository"):
            return record_try(self._orders, reminder, tries, now)

    def forget_reminder(self, order_id: str) -> None:
        """Leave the order out of `open_orders` from now on: its end is recorded, with all that follows it. Safe to repeat."""
        with storage_errors("the order repository"):
            forget_reminder(self._orders, PARTITION, order_id)

    def record(self, progress: OrderProgress) -> OrderProgress | None:
        """Store where an order stands. What the row already knows better, by status or by a longer ledger, stays.

        The end of an order names a cancellation that was accepted and came too late.

        Returns:
            The progress when it gave the order another status, else None.
        """

        def decide(row: Mapping[str, Any] | None) -> OrderProgress | None:
            known = with_late_cancellation(progress, row)
            return known if row is None or is_newer(known, row) else None

        _, changed = self._change(progress.order_id, decide)
        return changed

    def settle_course(self, request: SettleCourse) -> CourseSettled:
        """Record which way an order goes, unless that is recorded; either way, give the course that holds.

        An order past the repository has no row: the wanted course holds.
        """
        wanted = CourseSettled(course=request.course, progress=request.progress)
        with storage_errors("the order repository"):
            for _ in range(_MOST_COLLISIONS):
                row = self._find(request.progress.order_id)
                known = None if row is None else row_of(row)
                if known is not None and known.course is not None:
                    return CourseSettled(course=known.course, progress=known.result or request.progress)
                if known is None or known.status in ENDED or self._try_write(course_entity(request), row):
                    return wanted
        raise StorageUnavailable(_TOO_MANY)

    def stop_before_capture(self, order_id: str) -> StepResult | None:
        """Why an order's money is not to be taken: another run has stopped it, or its cancellation was accepted; None: it is."""
        row = self.get(order_id)
        if row is None or row.status in ENDED or (row.course is not None and row.course.completes):
            return None
        if row.course is not None:
            return StepResult.refused(STOPPED, "the order was stopped before")
        if row.cancellation is not None:
            return StepResult.refused(CANCELLED, f"Cancelled by {row.cancellation.requested_by}.")
        return None

    def request_cancellation(self, order_id: str, request: CancellationRequest) -> OrderRow | None:
        """Store a cancellation, unless there is one, or the order is past it. Gives the row as it then is."""
        with storage_errors("the order repository"):
            for _ in range(_MOST_COLLISIONS):
                row = self._find(order_id)
                known = None if row is None else row_of(row)
                is_past = known is None or known.status in ENDED or known.course is not None
                if is_past or (known is not None and known.cancellation is not None):
                    return known
                if self._try_write(cancellation_entity(order_id, request), row):
                    return known.model_copy(update={"cancellation": request}) if known is not None else None
        raise StorageUnavailable(_TOO_MANY)

    def decision(self, order_id: str, wait_id: str) -> SettledApproval | None:
        """The decision that an approval wait has got; None while there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors("the approvals"):
            try:
                held = self._approvals.get_entity(order_id, wait_id)
            except ResourceNotFoundError:  # the row, or the table with it
                return None
        return SettledApproval.model_validate_json(held["settled"])

    def record_tracking(self, order_id: str, tracking: Tracking) -> None:
        """Enter where an order's parcel is. What was seen later stays; an order that the repository does not know gets no row."""
        entity = tracking_entity(order_id, tracking)
        with storage_errors("the order repository"):
            for _ in range(_MOST_COLLISIONS):
                row = self._find(order_id)
                if row is None or not _is_later(tracking, row) or self._try_write(entity, row):
                    return
        raise StorageUnavailable(_TOO_MANY)

    def close(self, closing: CloseOrder) -> Closing | None:
        """Store a compensation that was completed late. Its order ends with the last of those that it says are open.

        Any other order stays as it is.

        Returns:
            The status that the order then has; None when the order is unknown.

        Raises:
            EndNotKnown: The order's end is not recorded yet, so it is not known what is open.
        """
        row, changed = self._change(
            closing.order_id, lambda row: None if row is None else _closed(row_of(row), closing)
        )
        return None if row is None else Closing(status=OrderStatus(row["status"]), changed=changed)

    def settle(self, request: SettleApprovalRequest) -> SettledApproval:
        """Enter the decision of an approval wait, unless one is there; either way, say which one holds."""
        from azure.core.exceptions import ResourceExistsError

        settled = SettledApproval(
            decision=request.decision,
            timed_out=request.timed_out,
            withdrawn=request.withdrawn,
            claim_id=request.claim_id,
        )
        entity = {
            "PartitionKey": request.order_id,
            "RowKey": request.wait_id,
            "settled": settled.model_dump_json(),
        }
        with storage_errors("the approvals"):
            try:
                created_on_first_use(
                    lambda: self._approvals.create_entity(entity), lambda: create_table(self._approvals)
                )
            except ResourceExistsError:
                held = self._approvals.get_entity(request.order_id, request.wait_id)
                return SettledApproval.model_validate_json(held["settled"])
        return settled

    def _change(
        self, order_id: str, decide: Callable[[Mapping[str, Any] | None], OrderProgress | None]
    ) -> tuple[Mapping[str, Any] | None, OrderProgress | None]:
        """Read, decide and write as if nobody else did; gives the row as it then is, and what was written if its status is new.

        decide: from the row, if there is one, to what it shall say; None leaves it as it is.
        """
        with storage_errors("the order repository"):
            for _ in range(_MOST_COLLISIONS):
                row = self._find(order_id)
                progress = decide(row)
                if progress is None:
                    return row, None
                entity = progress_entity(progress)
                if self._try_write(entity, row):
                    return entity, None if row is not None and row["status"] == progress.status else progress
        raise StorageUnavailable(_TOO_MANY)

    def _try_write(self, entity: dict[str, Any], row: "TableEntity | None") -> bool:
        """False: the row changed since it was read."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

        try:
            if row is None:
                self._insert(entity)
            else:
                etag = row.metadata["etag"]
                self._orders.update_entity(entity, etag=etag, match_condition=MatchConditions.IfNotModified)
        except (ResourceExistsError, ResourceModifiedError):
            return False
        return True

    def _insert(self, entity: dict[str, Any]) -> None:
        created_on_first_use(lambda: self._orders.create_entity(entity), lambda: create_table(self._orders))

    def _find(self, order_id: str) -> "TableEntity | None":
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._orders.get_entity(PARTITION, order_id)
        except ResourceNotFoundError:  # the row, or the table with it
            return None


def _is_later(tracking: Tracking, row: Mapping[str, Any]) -> bool:
    known = row_of(row).tracking
    return known is None or tracking.seen_at >= known.seen_at


def _closed(row: OrderRow, closing: CloseOrder) -> OrderProgress | None:
    if row.status not in ENDED:
        raise EndNotKnown("the order repository has not heard of this order's end yet")
    if row.status is not OrderStatus.NEEDS_ATTENTION or row.result is None:
        return None
    is_repeat = any(entry.step == closing.entry.step and _is_done_compensation(entry) for entry in row.result.steps)
    return None if is_repeat else row.result.with_compensation_done(closing.entry, closing.status)


def _is_done_compensation(entry: LedgerEntry) -> bool:
    return entry.kind == "compensation" and entry.outcome is Outcome.DONE
