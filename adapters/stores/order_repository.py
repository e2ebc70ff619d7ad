"""The order repository: one row per order id, written before the order's saga starts and closed when it ends.

A row is what makes intake happen once: it is inserted only if absent, and never deleted. A row's status only moves as the
transition table allows, so that a repeated or late message cannot reopen an order.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.stores.ended_orders import read_ended
from adapters.stores.order_counts import count_orders
from adapters.stores.order_index import PARTITIONS, index_rows, partition_of
from adapters.stores.order_list import read_orders
from adapters.stores.order_rows import (
    cancellation_entity,
    course_entity,
    is_newer,
    new_entity,
    progress_entity,
    row_of,
    tracking_entity,
    with_late_cancellation,
    withdrawal_entity,
)
from adapters.stores.rows import Rows
from adapters.stores.run_intake import RunIntake
from domain.errors import EndNotKnown
from domain.orders.listing import EVERY_ORDER, Count, EndedOrder, ListedOrder, OrderFilter
from domain.orders.order import ENDED, Order, OrderProgress, OrderStatus
from domain.orders.recovery import may_replay, started_again, why_not_started_again
from domain.orders.row import OrderRow
from domain.orders.run import STOPPED, run_of
from domain.page import Page
from domain.shipping.tracking import Tracking
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.course import CANCELLED, RunEnd
from domain.workflows.intake import Intake
from domain.workflows.records import Closing, CourseSettled, RecordRun, SettleCourse
from domain.workflows.run import CloseRun
from domain.workflows.steps import LedgerEntry, Outcome, StepResult

_ORDERS: Final = "orders"
_NAME: Final = "the order repository"


class OrderRepository:
    """Every method raises StorageUnavailable when the tables do not answer.

    Attributes:
        intake: What is the same for every workflow, the order included.
    """

    def __init__(self, storage: Storage) -> None:
        self._orders = storage.table(_ORDERS)
        self._rows = Rows(self._orders, partition_of, _NAME, index_rows)
        self.intake = RunIntake(self._orders, PARTITIONS, partition_of, _NAME)

    def accept(self, order: Order, fingerprint: str) -> Intake:
        """Insert a new order, unless its id is known. fingerprint: equal for equal requests.

        An id that is known in another case is another order's: people, and the payment provider's search, would take the two
        for one.
        """
        # The order stands in its row: no need to repeat it in the reminder.
        reminded = run_of(order, with_request=False)
        return self.intake.accept(reminded, fingerprint, new_entity(order), any_case=True, index=index_rows)

    def get(self, order_id: str) -> OrderRow | None:
        """Return one order; None when there is none of this id."""
        with storage_errors(_NAME):
            entity = self._rows.find(order_id)
        return None if entity is None else row_of(entity)

    def list(
        self, wanted: OrderFilter = EVERY_ORDER, *, cursor: str | None = None, limit: int = 50
    ) -> Page[ListedOrder]:
        """Return orders, newest first. A page may be short of `limit` and have a next one.

        Raises:
            InvalidCursor: The cursor does not come from this list with this filter.
        """
        with storage_errors(_NAME):
            return created_on_first_use(
                lambda: read_orders(self._orders, wanted, cursor, limit), lambda: create_table(self._orders)
            )

    def ended(self, since: datetime, until: datetime, limit: int) -> Sequence[EndedOrder]:
        """Return orders that ended, or came to need attention, in a span of time: the oldest first, so many at most."""
        with storage_errors(_NAME):
            return created_on_first_use(
                lambda: read_ended(self._orders, since, until, limit), lambda: create_table(self._orders)
            )

    def count(self, status: OrderStatus) -> Count:
        """Return how many orders have a status, counted up to a limit."""
        with storage_errors(_NAME):
            return created_on_first_use(
                lambda: count_orders(self._orders, OrderFilter(status=status)), lambda: create_table(self._orders)
            )

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

    def record_under_way(self, progress: OrderProgress) -> None:
        """Store how far a running order is. What the row knows better stays, as do an end and what was settled at the capture.

        An order past the repository gets no row.
        """

        def decide(row: Mapping[str, Any] | None) -> OrderProgress | None:
            if row is None or not is_newer(progress, row):
                return None
            course = row_of(row).course
            return None if course is not None and course.completes else progress

        self._change(progress.order_id, decide)

    def record_progress(self, record: RecordRun) -> OrderProgress | None:
        """Do what `record` does."""
        return self.record(OrderProgress.model_validate(record.progress))

    def settle_course(self, request: SettleCourse) -> CourseSettled:
        """Record which way an order goes, unless that is recorded; return the course that holds.

        An order past the repository has no row: the wanted course holds.
        """
        order_id = request.key
        settled = CourseSettled(course=request.course, progress=request.progress)
        with storage_errors(_NAME):
            for row in self._rows.reads(order_id):
                known = None if row is None else row_of(row)
                if known is not None and known.course is not None:
                    progress = request.progress if known.result is None else known.result.to_wire()
                    settled = CourseSettled(course=known.course, progress=progress)
                    break
                is_past = known is None or known.status in ENDED
                if is_past or self._rows.try_write(row, order_id, course_entity(request, row)):
                    break
        return settled

    def stop_before_capture(self, order_id: str) -> StepResult | None:
        """Return why an order's money must not be taken: it was stopped, or its cancellation was accepted. None: it may be."""
        row = self.get(order_id)
        if row is None or (row.course is not None and row.course.completes):
            return None
        if row.course is not None:
            return StepResult.refused(STOPPED, "the order was stopped before")
        if row.cancellation is not None and row.status not in ENDED:
            return StepResult.refused(CANCELLED, f"Cancelled by {row.cancellation.requested_by}.")
        return None

    def request_cancellation(self, order_id: str, request: CancellationRequest) -> OrderRow | None:
        """Store a cancellation, unless there is one, or the order is past it. Return the row as it then is."""
        known: OrderRow | None = None
        with storage_errors(_NAME):
            for row in self._rows.reads(order_id):
                known = None if row is None else row_of(row)
                if known is None or known.status in ENDED or known.course is not None or known.cancellation is not None:
                    break
                if self._rows.try_write(row, order_id, cancellation_entity(request)):
                    return known.model_copy(update={"cancellation": request})
        return known

    def record_tracking(self, order_id: str, tracking: Tracking) -> None:
        """Store where an order's parcel is. A later status stays; an unknown order gets no row."""
        with storage_errors(_NAME):
            for row in self._rows.reads(order_id):
                is_stale = row is None or not _is_later(tracking, row)
                if is_stale or self._rows.try_write(row, order_id, tracking_entity(tracking)):
                    break

    def close(self, closing: CloseRun) -> Closing | None:
        """Store a compensation that was completed late. Its order ends with the last of those that it says are open.

        Any other order stays as it is.

        Returns:
            The status that the order then has; None when the order is unknown.

        Raises:
            EndNotKnown: The order's end is not recorded yet, so it is not known what is open.
        """
        row, changed = self._change(closing.key, lambda row: None if row is None else _closed(row_of(row), closing))
        return None if row is None else Closing(status=row["status"], changed=changed)

    def begin_compensation(self, order_id: str, end: RunEnd) -> bool:
        """Record that a replay compensates an order, so that it is not started again. False: it must not.

        Args:
            order_id: The order's id.
            end: How the order ends once the replay is done.
        """
        with storage_errors(_NAME):
            for row in self._rows.reads(order_id):
                known = None if row is None else row_of(row)
                if known is None or not may_replay(known, end):
                    return known is None
                if (
                    end == "completed"
                    or known.is_compensated
                    or self._rows.try_write(row, order_id, {"is_compensated": True})
                ):
                    return True
        return False

    def withdraw_stop(self, order_id: str) -> OrderRow | None:
        """Let an order go on that was given up and that nothing has compensated. Return its row; None when it must stay stopped.

        Of a withdrawal and the first replay of its dead letters, one comes through.
        """
        with storage_errors(_NAME):
            for row in self._rows.reads(order_id):
                known = None if row is None else row_of(row)
                if known is None or why_not_started_again(known) is not None:
                    return None
                change = withdrawal_entity(known, started_again(known))
                if self._rows.try_write(row, order_id, change):
                    return self.get(order_id)
        return None

    def _change(
        self, order_id: str, decide: Callable[[Mapping[str, Any] | None], OrderProgress | None]
    ) -> tuple[Mapping[str, Any] | None, OrderProgress | None]:
        """Change an order's progress.

        Args:
            order_id: Of the row, which is inserted where there is none.
            decide: From the row, if there is one, to its new progress; None leaves it as it is.

        Returns:
            The row as it then is, and what was written if its status is new.
        """
        result: tuple[Mapping[str, Any] | None, OrderProgress | None] = (None, None)
        with storage_errors(_NAME):
            for row in self._rows.reads(order_id):
                progress = decide(row)
                if progress is None:
                    result = row, None
                    break
                entity = progress_entity(progress)
                # Lists show an order that was started past the repository from the time at which it came to be known.
                first = {"listed_at": entity["updated_at"]} if row is None else {}
                if self._rows.try_write(row, order_id, {**entity, **first}):
                    is_new = row is None or row["status"] != progress.status
                    result = entity, progress if is_new else None
                    break
        return result


def _is_later(tracking: Tracking, row: Mapping[str, Any]) -> bool:
    known = row_of(row).tracking
    return known is None or tracking.seen_at >= known.seen_at


def _closed(row: OrderRow, closing: CloseRun) -> OrderProgress | None:
    if row.status not in ENDED:
        raise EndNotKnown("the end of this order is not recorded yet")
    if row.status is not OrderStatus.NEEDS_ATTENTION or row.result is None:
        return None
    is_repeat = any(entry.step == closing.entry.step and _is_done_compensation(entry) for entry in row.result.steps)
    return None if is_repeat else row.result.with_compensation_done(closing.entry, OrderStatus(closing.end))


def _is_done_compensation(entry: LedgerEntry) -> bool:
    return entry.kind == "compensation" and entry.outcome is Outcome.DONE
