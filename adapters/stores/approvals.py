"""Keep the decisions of approval waits: one row per wait, inserted only if absent. The first decision counts.

Beside them stand who asked for a run, and the first of two approvers.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from domain.ids import digest_id
from domain.workflows.decision import SettleApprovalRequest, SettledApproval

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_APPROVALS: Final = "approvals"
_NAME: Final = "the approvals"

# How row keys end and begin that hold no decision. No wait has such an id.
_FIRST: Final = "~first"
_REQUESTERS: Final = "~requester."


class Approvals:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_APPROVALS)

    def decision(self, key: str, wait_id: str) -> SettledApproval | None:
        """Return the decision of an approval wait; None while there is none."""
        held = self._find(key, wait_id)
        return None if held is None else SettledApproval.model_validate_json(held["settled"])

    def all_of(self, key: str) -> Sequence[tuple[str, SettledApproval]]:
        """Return every decision of an order or a run, each with the id of its wait."""
        with storage_errors(_NAME):
            rows = created_on_first_use(lambda: self._rows_of(key), lambda: create_table(self._table))
        return [
            (row["RowKey"], SettledApproval.model_validate_json(row["settled"])) for row in rows if "settled" in row
        ]

    def delete_all(self, key: str) -> None:
        """Delete every decision of an order or a run. Safe to repeat."""
        with storage_errors(_NAME):
            for row in created_on_first_use(lambda: self._rows_of(key), lambda: create_table(self._table)):
                self._table.delete_entity(row)

    def _rows_of(self, key: str) -> "list[TableEntity]":
        return list(self._table.query_entities("PartitionKey eq @key", parameters={"key": key}))

    def settle(self, request: SettleApprovalRequest) -> SettledApproval:
        """Store the decision of an approval wait, unless there is one; return the one that holds."""
        from azure.core.exceptions import ResourceExistsError

        settled = SettledApproval(decision=request.decision, timed_out=request.timed_out, withdrawn=request.withdrawn)
        entity = {"PartitionKey": request.key, "RowKey": request.wait_id, "settled": settled.model_dump_json()}
        with storage_errors(_NAME):
            try:
                created_on_first_use(lambda: self._table.create_entity(entity), lambda: create_table(self._table))
            except ResourceExistsError:
                held = self._table.get_entity(request.key, request.wait_id)
                return SettledApproval.model_validate_json(held["settled"])
        return settled

    def first_approval(self, key: str, wait_id: str, approver: str) -> str:
        """Store who is the first of two approvers of a wait, unless that is stored; return who it is."""
        is_first = self._insert(key, f"{wait_id}{_FIRST}", {"approver": approver})
        return approver if is_first else self.known_first_approval(key, wait_id) or approver

    def known_first_approval(self, key: str, wait_id: str) -> str | None:
        """Return who is the first of two approvers of a wait; None before there is one."""
        row = self._find(key, f"{wait_id}{_FIRST}")
        return None if row is None else str(row["approver"])

    def record_requester(self, key: str, name: str) -> None:
        """Store that a caller of this name asked for a run. Safe to repeat."""
        self._insert(key, _requester(name), {"name": name})

    def requesters(self, key: str) -> Sequence[str]:
        """Return the names of those who asked for a run."""
        with storage_errors(_NAME):
            rows = created_on_first_use(lambda: self._rows_of(key), lambda: create_table(self._table))
        return [str(row["name"]) for row in rows if row["RowKey"].startswith(_REQUESTERS)]

    def is_requester(self, key: str, name: str) -> bool:
        """Return whether a caller of this name, in any case, asked for a run."""
        return self._find(key, _requester(name)) is not None

    def _insert(self, key: str, row_key: str, facts: Mapping[str, Any]) -> bool:
        from azure.core.exceptions import ResourceExistsError

        entity = {"PartitionKey": key, "RowKey": row_key, **facts}
        with storage_errors(_NAME):
            try:
                created_on_first_use(lambda: self._table.create_entity(entity), lambda: create_table(self._table))
            except ResourceExistsError:
                return False
        return True

    def _find(self, key: str, row_key: str) -> "TableEntity | None":
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            try:
                return self._table.get_entity(key, row_key)
            except ResourceNotFoundError:  # the row, or the table with it
                return None


def _requester(name: str) -> str:
    return f"{_REQUESTERS}{digest_id(name.strip().casefold())}"
