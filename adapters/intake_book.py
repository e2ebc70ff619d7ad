"""Every request that starts a workflow other than an order, entered once, before the workflow starts.

The row is what makes intake happen once: it is inserted only if absent. Only the caller whose row was the first may start the
instance, because starting the id of an ended instance would run it again; what was never started is found by its reminder, which
holds the request.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.intake import REMINDERS, Intake, enter_once, forget_reminder, reminder_of, reminders
from adapters.long_text import joined_text, split_text
from adapters.storage import Storage, storage_errors
from domain.workflow import workflow_instance_id

_INTAKE: Final = "workflows"
_PARTITION: Final = "run"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a workflow. workflow: the orchestrator's name. request: the instance's input."""

    workflow: str
    key: str
    request: Mapping[str, Any]
    accepted_at: datetime


class IntakeBook:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_INTAKE)

    def accept(self, run: Run, fingerprint: str) -> Intake:
        """Enter a run, unless its key is known. fingerprint: equal for equal requests."""
        entity = {
            "PartitionKey": _PARTITION,
            "RowKey": workflow_instance_id(run.workflow, run.key),
            "fingerprint": fingerprint,
        }
        reminder = {
            "workflow": run.workflow,
            "key": run.key,
            "accepted_at": run.accepted_at,
            **split_text("request", json.dumps(run.request)),
        }
        with storage_errors("the intake book"):
            return enter_once(self._table, entity, reminder)

    def mark_started(self, workflow: str, key: str) -> None:
        """The instance exists: nobody needs to look for it any more."""
        with storage_errors("the intake book"):
            forget_reminder(self._table, _PARTITION, workflow_instance_id(workflow, key))

    def awaits_start(self, workflow: str, key: str) -> bool:
        """Whether such a run was accepted and nobody is known to have started it."""
        with storage_errors("the intake book"):
            return reminder_of(self._table, _PARTITION, workflow_instance_id(workflow, key)) is not None

    def unstarted(self, before: datetime) -> list[str]:
        """The instance ids of runs accepted before then that nobody is known to have started."""
        with storage_errors("the intake book"):
            due = [row["RowKey"] for row in reminders(self._table, _PARTITION) if row["accepted_at"] < before]
        return [key.removeprefix(REMINDERS) for key in due]

    def unstarted_run(self, instance_id: str) -> Run | None:
        """One run of those; None when somebody has started it meanwhile."""
        with storage_errors("the intake book"):
            row = reminder_of(self._table, _PARTITION, instance_id)
        return None if row is None else _run(row)


def _run(row: Mapping[str, Any]) -> Run:
    return Run(
        workflow=row["workflow"],
        key=row["key"],
        request=json.loads(joined_text("request", row) or "{}"),
        accepted_at=row["accepted_at"],
    )
