"""The intake of runs, the same for orders and every other workflow: a row, inserted once, and a reminder beside it.

Only the caller whose row was the first may start the run, because starting the id of an ended instance would run it again. The
reminder lasts until the run has ended: by it the recovery timer finds what was never started, and what the platform has failed.
So the timer reads as many rows as there are open runs, however many there have been: their keys follow each other in a partition.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.long_text import joined_text, split_text
from adapters.azure_storage.storage import create_table, created_on_first_use, storage_errors
from adapters.stores.insert_once import insert_once
from adapters.stores.rows import Index, no_index
from domain.workflows.intake import Intake, Reminder
from domain.workflows.run import Run

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity

REMINDERS: Final = "~"
"""How the row keys of reminders begin: behind every id of a request."""

SPELLINGS: Final = "!"
"""How the row keys begin that have an id in lower case: before every id of a request."""


class RunIntake:
    """Rows of a table whose row keys are instance ids, in one partition or in several. Every method raises StorageUnavailable."""

    def __init__(
        self, table: "TableClient", partitions: Sequence[str], partition_of: Callable[[str], str], name: str
    ) -> None:
        self._table = table
        self._partitions = partitions
        self._partition_of = partition_of
        self._name = name

    def accept(
        self,
        run: Run,
        fingerprint: str,
        facts: Mapping[str, Any] | None = None,
        *,
        any_case: bool = False,
        index: Index = no_index,
    ) -> Intake:
        """Insert the row of a run and its reminder, unless its id is known.

        Args:
            run: Its request goes into the reminder.
            fingerprint: Equal for equal requests.
            facts: What the row holds besides.
            any_case: An id that is known in another case is another run's.
            index: From the row to the index rows that are inserted with it.
        """
        row = {**(facts or {}), **self._keys(run.instance_id), "fingerprint": fingerprint}
        beside = [self._reminder(run), *index(row).values()]
        if any_case:
            spelling = {"RowKey": f"{SPELLINGS}{run.instance_id.lower()}"}
            beside.append({**self._keys(run.instance_id), **spelling})
        with storage_errors(self._name):
            return insert_once(self._table, row, beside)

    def open_runs(self, before: datetime) -> Sequence[Reminder]:
        """Return the runs accepted before then that are not known to have ended, with all that follows an end."""
        with storage_errors(self._name):
            return created_on_first_use(
                lambda: [reminder for partition in self._partitions for reminder in self._reminders(partition, before)],
                lambda: create_table(self._table),
            )

    def open_run(self, instance_id: str) -> Run | None:
        """Return a run that is not known to have ended; None when there is none of this id."""
        reminder = self.reminder(instance_id)
        return None if reminder is None else self.run_of(reminder)

    def reminder(self, instance_id: str) -> Reminder | None:
        """Return the reminder of a run; None when it is forgotten."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(self._name):
            try:
                row = self._table.get_entity(self._partition_of(instance_id), f"{REMINDERS}{instance_id}")
            except ResourceNotFoundError:  # the reminder, or the table with it
                return None
        return reminder_of(row)

    def run_of(self, reminder: Reminder) -> Run:
        """Return the run that a reminder is for."""
        row = reminder.row
        return Run(
            workflow=row["workflow"],
            key=row["key"],
            request=json.loads(joined_text("request", row) or "{}"),
            accepted_at=row["accepted_at"],
            instance_id=reminder.key,
            has_started=bool(row.get("started")),
            is_cancelled=bool(row.get("cancelled")),
        )

    def record_try(self, reminder: Reminder, tries: int, now: datetime) -> bool:
        """Count a restart before it is made; False when the reminder was changed or deleted meanwhile."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        row = reminder.row
        counted = {"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"], "tries": tries, "tried_at": now}
        unchanged = {"etag": row.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
        with storage_errors(self._name):
            try:
                self._table.update_entity(counted, **unchanged)
            except (ResourceModifiedError, ResourceNotFoundError):
                return False
        return True

    def record_quiet(self, instance_id: str, quiet_since: datetime, now: datetime) -> None:
        """Record that the run's instance was noticed to stand still. quiet_since: when it had last gone on."""
        self._change(instance_id, {"quiet_since": quiet_since, "noticed_at": now})

    def mark_started(self, instance_id: str) -> None:
        """Record that the instance exists: should it be gone later, it was deleted."""
        self._change(instance_id, {"started": True})

    def request_cancellation(self, instance_id: str) -> bool:
        """Store that a run is to stop; False when none of this id is open."""
        return self._change(instance_id, {"cancelled": True})

    def forget(self, instance_id: str) -> None:
        """Leave the run out of `open_runs` from now on: it has ended. Safe to repeat."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(self._name), suppress(ResourceNotFoundError):
            self._table.delete_entity(self._partition_of(instance_id), f"{REMINDERS}{instance_id}")

    def remember(self, run: Run) -> None:
        """Have a run looked after again that was forgotten. Safe to repeat."""
        with storage_errors(self._name):
            self._table.upsert_entity(self._reminder(run))

    def _reminder(self, run: Run) -> dict[str, Any]:
        return {"PartitionKey": self._partition_of(run.instance_id), **reminder_row(run)}

    def _change(self, instance_id: str, change: Mapping[str, Any]) -> bool:
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(self._name):
            try:
                self._table.update_entity({**self._keys(instance_id, REMINDERS), **change})
            except ResourceNotFoundError:
                return False
        return True

    def _reminders(self, partition: str, before: datetime) -> Iterator[Reminder]:
        asked = "PartitionKey eq @partition and RowKey ge @first and accepted_at lt @before"
        parameters = {"partition": partition, "first": REMINDERS, "before": before}
        yield from map(reminder_of, self._table.query_entities(asked, parameters=parameters))

    def _keys(self, instance_id: str, kind: str = "") -> dict[str, Any]:
        return {"PartitionKey": self._partition_of(instance_id), "RowKey": f"{kind}{instance_id}"}


def reminder_row(run: Run) -> dict[str, Any]:
    """Return the row of a run's reminder, but for its partition."""
    return {
        "RowKey": f"{REMINDERS}{run.instance_id}",
        "workflow": run.workflow,
        "key": run.key,
        "accepted_at": run.accepted_at,
        **(split_text("request", json.dumps(run.request)) if run.request else {}),
    }


def reminder_of(row: "TableEntity") -> Reminder:
    """Return the reminder that a row is."""
    key = row["RowKey"].removeprefix(REMINDERS)
    return Reminder(
        key=key,
        tries=int(row.get("tries", 0)),
        tried_at=row.get("tried_at"),
        quiet_since=row.get("quiet_since"),
        noticed_at=row.get("noticed_at"),
        row=row,
    )
