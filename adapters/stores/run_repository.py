"""Every request that starts a workflow other than an order, stored once, before the workflow starts.

The row is what makes intake happen once: it is inserted only if absent. Only the caller whose row was the first may start the
instance, because starting the id of an ended instance would run it again. With it comes a reminder, which holds the request and
lasts until the run has ended: the recovery timer finds by it what was never started, and what the platform has failed.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.long_text import joined_text, split_text
from adapters.azure_storage.storage import Storage, storage_errors
from adapters.stores.insert_once import (
    REMINDERS,
    forget_reminder,
    insert_once,
    read_reminder,
    record_try,
    reminder_of,
    reminders,
)
from domain.errors import EndNotKnown, StorageUnavailable
from domain.ids import instance_id_of
from domain.workflows.course import Course
from domain.workflows.intake import Intake, Reminder
from domain.workflows.run import CloseRun, Run, WorkflowProgress
from domain.workflows.steps import open_compensations

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_INTAKE: Final = "workflows"
_PARTITION: Final = "run"
_MAX_COLLISIONS: Final = 5
_TOO_MANY: Final = "the run repository: a row is being changed by too many at once"


class RunRepository:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_INTAKE)

    def accept(self, run: Run, fingerprint: str) -> Intake:
        """Store a run, unless its key is known. fingerprint: equal for equal requests."""
        entity = {"PartitionKey": _PARTITION, "RowKey": run.instance_id, "fingerprint": fingerprint}
        with storage_errors("the run repository"):
            return insert_once(self._table, entity, _reminder(run))

    def mark_started(self, instance_id: str) -> None:
        """Record that the instance exists: should it be gone later, it was deleted."""
        self._change_reminder(instance_id, {"started": True})

    def request_cancellation(self, instance_id: str) -> bool:
        """Store that a run is to stop; False when none of this id is open."""
        return self._change_reminder(instance_id, {"cancelled": True})

    def forget(self, instance_id: str) -> None:
        """The run has ended. Safe to repeat."""
        with storage_errors("the run repository"):
            forget_reminder(self._table, _PARTITION, instance_id)

    def open_run(self, instance_id: str) -> Run | None:
        """A run that is not known to have ended; None when there is none of this id."""
        with storage_errors("the run repository"):
            row = reminder_of(self._table, _PARTITION, instance_id)
        return None if row is None else _run(row)

    def open_runs(self, before: datetime) -> Sequence[Reminder]:
        """The runs accepted before then that are not known to have ended."""
        with storage_errors("the run repository"):
            return [read_reminder(row) for row in reminders(self._table, _PARTITION) if row["accepted_at"] < before]

    def run_of(self, reminder: Reminder) -> Run:
        """The run that a reminder is for."""
        return _run(reminder.row)

    def record_try(self, reminder: Reminder, tries: int, now: datetime) -> bool:
        """Count a start of another run before it is made; False when another process was faster."""
        with storage_errors("the run repository"):
            return record_try(self._table, reminder, tries, now)

    def record_end(self, instance_id: str, end: WorkflowProgress) -> None:
        """Store the end of a run that no instance will tell. Safe to repeat."""
        entity = {"PartitionKey": _PARTITION, "RowKey": instance_id, **split_text("end", end.model_dump_json())}
        with storage_errors("the run repository"):
            self._table.upsert_entity(entity)

    def end(self, instance_id: str) -> WorkflowProgress | None:
        """The end that was recorded, if one was."""
        with storage_errors("the run repository"):
            row = self._find(instance_id)
        text = None if row is None else joined_text("end", row)
        return WorkflowProgress.model_validate_json(text) if text else None

    def settle_course(self, instance_id: str, course: Course) -> Course:
        """Record which way a run goes, unless that is recorded; return the course that holds.

        A run past the repository has no row: the wanted course holds.
        """
        with storage_errors("the run repository"):
            for _ in range(_MAX_COLLISIONS):
                row = self._find(instance_id)
                known = None if row is None else joined_text("course", row)
                if known:
                    return Course.model_validate_json(known)
                if row is None or self._try_write(row, split_text("course", course.model_dump_json())):
                    return course
        raise StorageUnavailable(_TOO_MANY)

    def course(self, instance_id: str) -> Course | None:
        """Return the recorded course of a run; None when none was recorded."""
        with storage_errors("the run repository"):
            row = self._find(instance_id)
        text = None if row is None else joined_text("course", row)
        return Course.model_validate_json(text) if text else None

    def close(self, closing: CloseRun) -> None:
        """Store a compensation that was completed late. Its run ends with the last of those that are open. Safe to repeat.

        Raises:
            EndNotKnown: The run's end is not recorded yet, so it is not known what is open.
        """
        with storage_errors("the run repository"):
            for _ in range(_MAX_COLLISIONS):
                row = self._find(instance_id_of(closing.workflow, closing.key))
                if row is None:
                    return
                text = joined_text("end", row)
                if not text:
                    raise EndNotKnown("the end of this run is not recorded yet")
                end = WorkflowProgress.model_validate_json(text)
                if closing.entry.step not in open_compensations(end.steps):
                    return
                settled = end.with_compensation_done(closing.entry, closing.end)
                if self._try_write(row, split_text("end", settled.model_dump_json())):
                    return
        raise StorageUnavailable(_TOO_MANY)

    def reopen(self, run: Run) -> None:
        """Look after a run again whose end was recorded: an operator starts it once more. Safe to repeat."""
        with storage_errors("the run repository"):
            self._table.upsert_entity(
                {**_reminder(run), "PartitionKey": _PARTITION, "RowKey": f"{REMINDERS}{run.instance_id}"}
            )
            self._table.upsert_entity({"PartitionKey": _PARTITION, "RowKey": run.instance_id, **split_text("end", "")})

    def _change_reminder(self, instance_id: str, change: Mapping[str, Any]) -> bool:
        from azure.core.exceptions import ResourceNotFoundError

        entity = {"PartitionKey": _PARTITION, "RowKey": f"{REMINDERS}{instance_id}", **change}
        with storage_errors("the run repository"):
            try:
                self._table.update_entity(entity)
            except ResourceNotFoundError:
                return False
        return True

    def _find(self, instance_id: str) -> "TableEntity | None":
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._table.get_entity(_PARTITION, instance_id)
        except ResourceNotFoundError:  # the row, or the table with it
            return None

    def _try_write(self, row: "TableEntity", change: Mapping[str, Any]) -> bool:
        """Return False when the row changed since it was read."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError

        entity = {"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"], **change}
        try:
            self._table.update_entity(entity, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified)
        except ResourceModifiedError:
            return False
        return True


def _reminder(run: Run) -> dict[str, Any]:
    return {
        "workflow": run.workflow,
        "key": run.key,
        "accepted_at": run.accepted_at,
        **split_text("request", json.dumps(run.request)),
    }


def _run(row: "TableEntity") -> Run:
    return Run(
        workflow=row["workflow"],
        key=row["key"],
        request=json.loads(joined_text("request", row) or "{}"),
        accepted_at=row["accepted_at"],
        instance_id=row["RowKey"].removeprefix(REMINDERS),
        has_started=bool(row.get("started")),
        is_cancelled=bool(row.get("cancelled")),
    )
