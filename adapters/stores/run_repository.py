"""The runs of every workflow but the order: one row per run, stored once, before the workflow starts.

The row holds what must outlive the instance: the run's course, and an end that the instance cannot report.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.azure_storage.long_text import split_text
from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_pages import read_page
from adapters.stores.run_intake import REMINDERS, RunIntake, reminder_of
from adapters.stores.run_retention import NAME, PARTITION, RunRetention, course_of, end_of, partition_of, recorded_run
from domain.errors import EndNotKnown
from domain.ids import instance_id_of
from domain.page import Page
from domain.workflows.course import Course
from domain.workflows.intake import Intake
from domain.workflows.records import Closing, CourseSettled, RecordRun, SettleCourse
from domain.workflows.run import CloseRun, RecordedRun, Run, WorkflowProgress
from domain.workflows.steps import open_compensations

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

T = TypeVar("T")


class RunRepository(RunRetention):
    """Every method raises StorageUnavailable when the table does not answer.

    Attributes:
        intake: What is the same for every workflow, the order included.
    """

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage)
        self.intake = RunIntake(self._table, (PARTITION,), partition_of, NAME)

    def accept(self, run: Run, fingerprint: str) -> Intake:
        """Store a run, unless its id is known. fingerprint: equal for equal requests."""
        return self.intake.accept(run, fingerprint)

    def knows(self, instance_id: str) -> bool:
        """Return whether a run was accepted."""
        with storage_errors(NAME):
            return self._rows.find(instance_id) is not None

    def list_open(self, *, workflow: str | None = None, cursor: str | None = None, limit: int = 50) -> Page[Run]:
        """Return runs that are not known to have ended, by id.

        Args:
            workflow: Of this workflow only, as the ids of its instances begin.
            cursor: The page; None for the first.
            limit: The most runs of a page.

        Raises:
            InvalidCursor: The cursor does not come from this list.
        """
        # What follows the mark sorts behind it, and every other row before it.
        wanted = {"RowKey gt @reminders": REMINDERS} if workflow is None else _of_workflow(REMINDERS, workflow)
        with storage_errors(NAME):
            return self._page(wanted, lambda row: self.intake.run_of(reminder_of(row)), cursor, limit)

    def list_ended(
        self, *, workflow: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[RecordedRun]:
        """Return runs that have ended, by id, until their rows are deleted. A page of rows may hold fewer of them, or none.

        Args:
            workflow: Of this workflow only, as the ids of its instances begin.
            cursor: The page; None for the first.
            limit: The most runs of a page.

        Raises:
            InvalidCursor: The cursor does not come from this list.
        """
        wanted = {"RowKey lt @reminders": REMINDERS} if workflow is None else _of_workflow("", workflow)
        with storage_errors(NAME):
            found = self._page(wanted, recorded_run, cursor, limit)
            if not found.items:
                return found
            reminded = self._reminded(found.items[0].instance_id, found.items[-1].instance_id)
        return Page([each for each in found.items if each.instance_id not in reminded], found.cursor)

    def _page(
        self, wanted: Mapping[str, Any], read: "Callable[[TableEntity], T]", cursor: str | None, limit: int
    ) -> Page[T]:
        return created_on_first_use(
            lambda: read_page(self._table, PARTITION, wanted, read, cursor=cursor, limit=limit),
            lambda: create_table(self._table),
        )

    def record_progress(self, record: RecordRun) -> None:
        """Store the end of a run that its instance cannot report. One with a longer ledger stays."""
        instance_id = instance_id_of(record.workflow, record.key)
        end = WorkflowProgress.model_validate(record.progress)
        with storage_errors(NAME):
            for row in self._rows.reads(instance_id):
                known = end_of(row)
                is_older = known is not None and len(known.steps) > len(end.steps)
                change = {**split_text("end", end.model_dump_json()), "reopened": False}
                if is_older or self._rows.try_write(row, instance_id, change):
                    break

    def end(self, instance_id: str) -> WorkflowProgress | None:
        """Return the recorded end; None when none was recorded."""
        with storage_errors(NAME):
            return end_of(self._rows.find(instance_id))

    def settle_course(self, request: SettleCourse) -> CourseSettled:
        """Record which way a run goes, unless that is recorded; return the course that holds.

        A run past the repository has no row: the wanted course holds.
        """
        instance_id, course = instance_id_of(request.workflow, request.key), request.course
        with storage_errors(NAME):
            for row in self._rows.reads(instance_id):
                known = course_of(row)
                if known is not None:
                    course = known
                    break
                change = split_text("course", course.model_dump_json())
                if row is None or self._rows.try_write(row, instance_id, change):
                    break
        return CourseSettled(course=course)

    def course(self, instance_id: str) -> Course | None:
        """Return the recorded course of a run; None when none was recorded."""
        with storage_errors(NAME):
            return course_of(self._rows.find(instance_id))

    def close(self, closing: CloseRun) -> Closing | None:
        """Store a compensation that was completed late. Its run ends with the last of those that are open. Safe to repeat.

        Returns:
            The status that the run then has; None when the run is unknown, or was started again.

        Raises:
            EndNotKnown: The run's end is not recorded yet, so it is not known what is open.
        """
        instance_id = instance_id_of(closing.workflow, closing.key)
        end: WorkflowProgress | None = None
        with storage_errors(NAME):
            for row in self._rows.reads(instance_id):
                if row is None or row.get("reopened"):
                    return None
                end = end_of(row)
                if end is None:
                    raise EndNotKnown("the end of this run is not recorded yet")
                if closing.entry.step not in open_compensations(end.steps):
                    break
                end = end.with_compensation_done(closing.entry, closing.end)
                if self._rows.try_write(row, instance_id, split_text("end", end.model_dump_json())):
                    break
        return None if end is None else Closing(status=end.status)

    def reopen(self, run: Run) -> None:
        """Have a run looked after again whose end was recorded: an operator starts it once more. Safe to repeat."""
        change = {"PartitionKey": PARTITION, "RowKey": run.instance_id, **split_text("end", ""), "reopened": True}
        with storage_errors(NAME):
            self._table.upsert_entity(change)
        self.intake.remember(run)

    def is_known(self, instance_id: str) -> bool:
        """Return whether a run has this instance id."""
        with storage_errors(NAME):
            return self._rows.find(instance_id) is not None

    def delete(self, instance_id: str) -> None:
        """Delete the row of a run: its key may be used again. Safe to repeat."""
        with storage_errors(NAME):
            self._table.delete_entity(PARTITION, instance_id)

    def forget_given_up(self, run: Run) -> None:
        """Forget a run whose end was recorded, unless it was reopened meanwhile. Safe to repeat.

        The row is read after the reminder is deleted, and `reopen` changes it before it stores the reminder: one sees the other.
        """
        self.intake.forget(run.instance_id)
        with storage_errors(NAME):
            row = self._rows.find(run.instance_id)
        if row is not None and row.get("reopened"):
            self.intake.remember(run)


def _of_workflow(mark: str, workflow: str) -> dict[str, str]:
    """Return the conditions of the rows of one workflow. `/` follows the point behind its name."""
    return {"RowKey ge @first": f"{mark}{workflow}.", "RowKey lt @end": f"{mark}{workflow}/"}
