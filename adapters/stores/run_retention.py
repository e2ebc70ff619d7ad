"""Read the runs that may be past their retention, a page after the other, and remember how far that is.

A run is not known to have ended by a time of its own: its reminder is gone, and its row is unchanged. So every row is read, in the
order of ids, but each page is bounded, and the next run of the timer goes on behind it.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final

from adapters.azure_storage.long_text import joined_text
from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.stores.rows import Rows
from adapters.stores.run_intake import REMINDERS
from domain.page import Page
from domain.workflows.course import Course
from domain.workflows.run import RecordedRun, WorkflowProgress

NAME: Final = "the run repository"
PARTITION: Final = "run"
_RUNS: Final = "workflows"
_RETENTION: Final = ("run-retention", "position")


class RunRetention:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_RUNS)
        self._rows = Rows(self._table, partition_of, NAME)

    def unchanged_since(self, before: datetime, *, after: str, limit: int) -> Page[RecordedRun]:
        """Return the runs whose rows have not changed since then, and that have no reminder, of so many rows in the order of ids.

        Args:
            before: When they last changed at the latest.
            after: The id behind which to read.
            limit: The rows to read. They are whole, but without the requests: those are in the reminders.

        Returns:
            The runs; the cursor is the last id that was read, None at the end.
        """
        asked = "PartitionKey eq @partition and RowKey gt @after and RowKey lt @last"
        parameters = {"partition": PARTITION, "after": after, "last": REMINDERS}
        with storage_errors(NAME):
            rows = created_on_first_use(
                lambda: list(
                    islice(self._table.query_entities(asked, parameters=parameters, results_per_page=limit), limit)
                ),
                lambda: create_table(self._table),
            )
            old = [row for row in rows if (at := row.metadata["timestamp"]) is not None and at < before]
            reminded = self._reminded(old[0]["RowKey"], old[-1]["RowKey"]) if old else frozenset()
        items = [recorded_run(row) for row in old if row["RowKey"] not in reminded]
        return Page(items, rows[-1]["RowKey"] if len(rows) == limit else None)

    def retention_position(self) -> str:
        """Return the id behind which the retention is to go on; an empty one when it is to begin anew."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(NAME):
            try:
                return str(self._table.get_entity(*_RETENTION)["after"])
            except ResourceNotFoundError:
                return ""

    def move_retention(self, after: str) -> None:
        """Store how far the retention is. after: an empty id when it is at the end; of that no row stays."""
        keys = dict(zip(("PartitionKey", "RowKey"), _RETENTION, strict=True))
        with storage_errors(NAME):
            if after:
                self._table.upsert_entity({**keys, "after": after})
            else:
                self._table.delete_entity(*_RETENTION)

    def _reminded(self, first: str, last: str) -> frozenset[str]:
        asked = "PartitionKey eq @partition and RowKey ge @first and RowKey le @last"
        parameters = {"partition": PARTITION, "first": f"{REMINDERS}{first}", "last": f"{REMINDERS}{last}"}
        rows = self._table.query_entities(asked, parameters=parameters, select=["RowKey"])
        return frozenset(row["RowKey"].removeprefix(REMINDERS) for row in rows)


def partition_of(instance_id: str) -> str:
    """Return the partition of a run: one takes 2,000 rows a second, which is more runs than an account takes orders."""
    return PARTITION


def recorded_run(row: Mapping[str, Any]) -> RecordedRun:
    """Return the run that a row is."""
    return RecordedRun(
        instance_id=row["RowKey"], fingerprint=row.get("fingerprint"), course=course_of(row), end=end_of(row)
    )


def end_of(row: Mapping[str, Any] | None) -> WorkflowProgress | None:
    """Return the end that a row holds; None where none was recorded."""
    text = None if row is None else joined_text("end", row)
    return WorkflowProgress.model_validate_json(text) if text else None


def course_of(row: Mapping[str, Any] | None) -> Course | None:
    """Return the course that a row holds; None where none was recorded."""
    text = None if row is None else joined_text("course", row)
    return Course.model_validate_json(text) if text else None
