"""What stops an order, or lets it go on: its course, an accepted cancellation, and what an operator decides about one given up.

Each is decided on the order's row as it was read, one change after the other: of two that exclude each other, one comes through.
"""

from typing import Final

from adapters.azure_storage.storage import Storage, storage_errors
from adapters.stores.order_index import index_rows, partition_of
from adapters.stores.order_rows import cancellation_entity, course_entity, row_of, withdrawal_entity
from adapters.stores.rows import Rows
from domain.orders.order import ENDED
from domain.orders.recovery import may_replay, started_again, why_not_started_again
from domain.orders.row import BeforeCapture, OrderRow
from domain.orders.run import STOPPED
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.course import CANCELLED, RunEnd
from domain.workflows.records import CourseSettled, SettleCourse
from domain.workflows.steps import StepResult

ORDERS: Final = "orders"
"""The name of the table."""
NAME: Final = "the order repository"


class OrderStops:
    """A part of the order repository. Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._orders = storage.table(ORDERS)
        self._rows = Rows(self._orders, partition_of, NAME, index_rows)

    def get(self, order_id: str) -> OrderRow | None:
        """Return one order; None when there is none of this id."""
        with storage_errors(NAME):
            entity = self._rows.find(order_id)
        return None if entity is None else row_of(entity)

    def settle_course(self, request: SettleCourse, before: BeforeCapture | None = None) -> CourseSettled:
        """Record which way an order goes, unless that is recorded; return the course that holds.

        An order past the repository has no row: the wanted course holds. before: the order as it was read a moment ago; if it
        has changed since, the write fails, and the order is read again.
        """
        order_id = request.key
        settled = CourseSettled(course=request.course, progress=request.progress)
        with storage_errors(NAME):
            for row in self._rows.reads(order_id, None if before is None else before.row):
                known = None if row is None else row_of(row)
                if known is not None and known.course is not None:
                    progress = request.progress if known.result is None else known.result.to_wire()
                    settled = CourseSettled(course=known.course, progress=progress)
                    break
                is_past = known is None or known.status in ENDED
                if is_past or self._rows.try_write(row, order_id, course_entity(request, row)):
                    break
        return settled

    def before_capture(self, order_id: str) -> BeforeCapture:
        """Return whether an order's money may be taken: not if it was stopped, or its cancellation was accepted."""
        with storage_errors(NAME):
            row = self._rows.find(order_id)
        known = None if row is None else row_of(row)
        if known is None or (known.course is not None and known.course.completes):
            return BeforeCapture(stop=None)
        if known.course is not None:
            return BeforeCapture(StepResult.refused(STOPPED, "the order was stopped before"))
        if known.status in ENDED:
            return BeforeCapture(stop=None)
        if known.cancellation is not None:
            return BeforeCapture(StepResult.refused(CANCELLED, f"Cancelled by {known.cancellation.requested_by}."))
        return BeforeCapture(stop=None, row=row)

    def request_cancellation(self, order_id: str, request: CancellationRequest) -> OrderRow | None:
        """Store a cancellation, unless there is one, or the order is past it. Return the row as it then is."""
        known: OrderRow | None = None
        with storage_errors(NAME):
            for row in self._rows.reads(order_id):
                known = None if row is None else row_of(row)
                if known is None or known.status in ENDED or known.course is not None or known.cancellation is not None:
                    break
                if self._rows.try_write(row, order_id, cancellation_entity(request)):
                    return known.model_copy(update={"cancellation": request})
        return known

    def begin_compensation(self, order_id: str, end: RunEnd) -> bool:
        """Record that a replay compensates an order, so that it is not started again. False: it must not.

        Args:
            order_id: The order's id.
            end: How the order ends once the replay is done.
        """
        with storage_errors(NAME):
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
        with storage_errors(NAME):
            for row in self._rows.reads(order_id):
                known = None if row is None else row_of(row)
                if known is None or why_not_started_again(known) is not None:
                    return None
                change = withdrawal_entity(known, started_again(known))
                if self._rows.try_write(row, order_id, change):
                    return self.get(order_id)
        return None
