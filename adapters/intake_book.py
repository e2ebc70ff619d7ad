"""Every request that starts a workflow other than an order, entered once, before the workflow starts.

The row is what makes intake happen once: it is inserted only if absent. Only the caller whose row was the first may start the
instance, because starting the id of an ended instance would run it again; what was never started is found here.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from adapters.long_text import joined_text, split_text
from adapters.storage import Storage, create_table, created_on_first_use, storage_errors

_INTAKE: Final = "workflows"


class Intake(StrEnum):
    """new: the caller's to start. repeated: the same request came before. conflict: another request has this key."""

    NEW = "new"
    REPEATED = "repeated"
    CONFLICT = "conflict"


@dataclass(frozen=True, kw_only=True)
class Started:
    """A run of a workflow. workflow: the orchestrator's name. request: the instance's input."""

    workflow: str
    key: str
    request: Mapping[str, Any]
    accepted_at: datetime


class IntakeBook:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_INTAKE)

    def accept(self, run: Started, fingerprint: str) -> Intake:
        """Enter a run, unless its key is known. fingerprint: equal for equal requests."""
        from azure.core.exceptions import ResourceExistsError

        # Tells our own row from an earlier one, when the answer to the insert was lost and the client sent it again.
        intake = uuid.uuid4().hex
        entity = {
            "PartitionKey": run.workflow,
            "RowKey": run.key,
            "intake": intake,
            "fingerprint": fingerprint,
            "accepted_at": run.accepted_at,
            "started": False,
            **split_text("request", json.dumps(run.request)),
        }
        with storage_errors("the intake book"):
            try:
                created_on_first_use(lambda: self._table.create_entity(entity), lambda: create_table(self._table))
            except ResourceExistsError:
                held = self._table.get_entity(run.workflow, run.key)
                if held.get("intake") == intake:
                    return Intake.NEW
                return Intake.REPEATED if held.get("fingerprint") == fingerprint else Intake.CONFLICT
        return Intake.NEW

    def mark_started(self, workflow: str, key: str) -> None:
        """The instance exists: nobody needs to look for it any more."""
        with storage_errors("the intake book"):
            self._table.update_entity({"PartitionKey": workflow, "RowKey": key, "started": True})

    def knows(self, workflow: str, key: str) -> bool:
        """Whether such a run was ever accepted."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors("the intake book"):
            try:
                self._table.get_entity(workflow, key, select=["RowKey"])
            except ResourceNotFoundError:  # the row, or the table with it
                return False
        return True

    def unstarted(self, before: datetime) -> Iterator[Started]:
        """Runs accepted before then that nobody is known to have started."""
        with storage_errors("the intake book"):
            rows = created_on_first_use(
                lambda: list(
                    self._table.query_entities(
                        "started eq false and accepted_at lt @before", parameters={"before": before}
                    )
                ),
                lambda: create_table(self._table),
            )
        return map(_started, rows)


def _started(row: Mapping[str, Any]) -> Started:
    return Started(
        workflow=row["PartitionKey"],
        key=row["RowKey"],
        request=json.loads(joined_text("request", row) or "{}"),
        accepted_at=row["accepted_at"],
    )
