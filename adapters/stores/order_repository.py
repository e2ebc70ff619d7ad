"""The order repository: one row per order id, written before the order's saga starts and closed when it ends.

A row is what makes intake happen once: it is inserted only if absent, and never deleted. A row's status only moves as the
transition table allows, so that a repeated or late message cannot reopen an order.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.stores.ended_orders import read_ended
from adapters.stores.order_counts import count_orders
from adapters.stores.order_index import PARTITIONS, index_rows, partition_of
from adapters.stores.order_list import read_orders
from adapters.stores.order_rows import (
    is_newer,
    new_entity,
    progress_entity,
    pseudonymised_entity,
    purged_entity,
    row_of,
    with_late_cancellation,
)
from adapters.stores.order_stops import NAME, OrderStops
from adapters.stores.run_intake import RunIntake
from domain.errors import EndNotKnown
from domain.orders.listing import EVERY_ORDER, Count, EndedOrder, ListedOrder, OrderFilter
from domain.orders.order import ENDED, ENDS, Order, OrderProgress, OrderStatus
from domain.orders.row import OrderRow
from domain.orders.run import run_of
from domain.page import Page
from domain.personal.traces import Traces
from domain.workflows.intake import Intake
from domain.workflows.records import Closing, RecordRun
from domain.workflows.run import CloseRun
from domain.workflows.steps import LedgerEntry, Outcome


class OrderRepository(OrderStops):
    """Every method raises StorageUnavailable when the tables do not answer.

    Attributes:
        intake: What is the same for every workflow, the order included.
    """

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage)
        self.intake = RunIntake(self._orders, PARTITIONS, partition_of, NAME)

    def accept(self, order: Order, fingerprint: str) -> Intake:
        """Insert a new order, unless its id is known. fingerprint: equal for equal requests.

        An id that is known in another case is another order's: people, and the payment provider's search, would take the two
        for one.
        """
        # The order stands in its row: no need to repeat it in the reminder.
        reminded = run_of(order, with_request=False)
        return self.intake.accept(reminded, fingerprint, new_entity(order), any_case=True, index=index_rows)

    def list(
        self, wanted: OrderFilter = EVERY_ORDER, *, cursor: str | None = None, limit: int = 50
    ) -> Page[ListedOrder]:
        """Return orders, newest first. A page may be short of `limit` and have a next one.

        Raises:
            InvalidCursor: The cursor does not come from this list with this filter.
        """
        with storage_errors(NAME):
            return created_on_first_use(
                lambda: read_orders(self._orders, wanted, cursor, limit), lambda: create_table(self._orders)
            )

    def ended(self, since: datetime, until: datetime, limit: int) -> Sequence[EndedOrder]:
        """Return orders that ended, or came to need attention, in a span of time: the oldest first, so many at most."""
        with storage_errors(NAME):
            return created_on_first_use(
                lambda: read_ended(self._orders, since, until, limit), lambda: create_table(self._orders)
            )

    def count(self, status: OrderStatus) -> Count:
        """Return how many orders have a status, counted up to a limit."""
        with storage_errors(NAME):
            return created_on_first_use(
                lambda: count_orders(self._orders, OrderFilter(status=status)), lambda: create_table(self._orders)
            )

    def record(self, progress: OrderProgress) -> OrderProgress | None:
        """Store where an order stands. What the row already knows better, by status or by a longer ledger, stays.

        The end of an order names a cancellation that was accepted and came too late.

        Returns:
            The progress when it gave the order another status, or is its end once more: a process may have died before it could
            log the first. Else None.
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

    def close(self, closing: CloseRun) -> Closing | None:
        """Store a compensation that was completed late. Its order ends with the last of those that it says are open.

        Any other order stays as it is.

        Returns:
            The status that the order then has; None when the order is unknown.

        Raises:
            EndNotKnown: The order's end is not recorded yet, so it is not known what is open.
        """
        row, changed = self._change(closing.key, lambda row: None if row is None else _closed(row_of(row), closing))
        if row is None:
            return None
        if changed is None and row["status"] == closing.end:
            changed = row_of(row).result  # a repeat: the process before may have died before it logged it
        return Closing(status=row["status"], changed=changed)

    def pseudonymise(self, order_id: str, traces: Traces) -> None:
        """Take the customer out of an order that has ended, and out of the index. Safe to repeat."""
        with storage_errors(NAME):
            for row in self._rows.reads(order_id):
                if row is None or OrderStatus(row["status"]) not in ENDS:
                    return
                if self._rows.try_replace(row, pseudonymised_entity(row, traces)):
                    return

    def purge(self, order_id: str, now: datetime) -> None:
        """Delete what is known of an order that has ended, but for its id, its fingerprint and its status. Safe to repeat.

        These stay for good, so that the order is never accepted and processed a second time. Lists have it no longer.
        """
        with storage_errors(NAME):
            for row in self._rows.reads(order_id):
                if row is None or row.get("purged_at") is not None:
                    return
                if OrderStatus(row["status"]) not in ENDS or self._rows.try_replace(row, purged_entity(row, now)):
                    return

    def _change(
        self, order_id: str, decide: Callable[[Mapping[str, Any] | None], OrderProgress | None]
    ) -> tuple[Mapping[str, Any] | None, OrderProgress | None]:
        """Change an order's progress.

        Args:
            order_id: Of the row, which is inserted where there is none.
            decide: From the row, if there is one, to its new progress; None leaves it as it is.

        Returns:
            The row as it then is, and what was written if its status is new or an end.
        """
        result: tuple[Mapping[str, Any] | None, OrderProgress | None] = (None, None)
        with storage_errors(NAME):
            for row in self._rows.reads(order_id):
                progress = decide(row)
                if progress is None:
                    result = row, None
                    break
                entity = progress_entity(progress)
                # Lists show an order that was started past the repository from the time at which it came to be known.
                first = {"listed_at": entity["updated_at"]} if row is None else {}
                if self._rows.try_write(row, order_id, {**entity, **first}):
                    is_logged = row is None or row["status"] != progress.status or progress.status in ENDED
                    result = entity, progress if is_logged else None
                    break
        return result


def _closed(row: OrderRow, closing: CloseRun) -> OrderProgress | None:
    if row.status not in ENDED:
        raise EndNotKnown("the end of this order is not recorded yet")
    if row.status is not OrderStatus.NEEDS_ATTENTION or row.result is None:
        return None
    is_repeat = any(entry.step == closing.entry.step and _is_done_compensation(entry) for entry in row.result.steps)
    return None if is_repeat else row.result.with_compensation_done(closing.entry, OrderStatus(closing.end))


def _is_done_compensation(entry: LedgerEntry) -> bool:
    return entry.kind == "compensation" and entry.outcome is Outcome.DONE
