"""Every request that starts a workflow other than an order, entered once, before the workflow starts.

The row is what makes intake happen once: it is inserted only if absent. Only the caller whose row was the first may start the
instance, because starting the id of an ended instance would run it again; what was never started is found here.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.intake import Intake, enter_once
from adapters.long_text import joined_text, split_text
from adapters.storage import Storage, create_table, created_on_first_use, storage_errors

_INTAKE: Final = "workflows"


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
            "PartitionKey": run.workflow,
            "RowKey": run.key,
            "fingerprint": fingerprint,
            "accepted_at": run.accepted_at,
            "started": False,
            **split_text("request", json.dumps(run.request)),
        }
        with storage_errors("the intake book"):
            return enter_once(self._table, entity)

    def mark_started(self, workflow: str, key: str) -> None:
        """The instance exists: nobody needs to look for it any more."""
        with storage_errors("the intake book"):
            self._table.update_entity({"PartitionKey": workflow, "RowKey": key, "started": True})

    def awaits_start(self, workflow: str, key: str) -> bool:
        """Whether such a run was accepted and nobody is known to have started it."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors("the intake book"):
            try:
                row = self._table.get_entity(workflow, key, select=["started"])
            except ResourceNotFoundError:  # the row, or the table with it
                return False
        return not row["started"]

    def unstarted(self, before: datetime) -> Iterator[Run]:
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
        return map(_run, rows)


def _run(row: Mapping[str, Any]) -> Run:
    return Run(
        workflow=row["PartitionKey"],
        key=row["RowKey"],
        request=json.loads(joined_text("request", row) or "{}"),
        accepted_at=row["accepted_at"],
    )
