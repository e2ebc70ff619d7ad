"""Keep the decisions of approval waits: one row per wait, inserted only if absent. The first decision counts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from domain.workflows.decision import SettleApprovalRequest, SettledApproval

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_APPROVALS: Final = "approvals"
_NAME: Final = "the approvals"


class Approvals:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_APPROVALS)

    def decision(self, key: str, wait_id: str) -> SettledApproval | None:
        """Return the decision of an approval wait; None while there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            try:
                held = self._table.get_entity(key, wait_id)
            except ResourceNotFoundError:  # the row, or the table with it
                return None
        return SettledApproval.model_validate_json(held["settled"])

    def all_of(self, key: str) -> Sequence[tuple[str, SettledApproval]]:
        """Return every decision of an order or a run, each with the id of its wait."""
        with storage_errors(_NAME):
            rows = created_on_first_use(lambda: self._rows_of(key), lambda: create_table(self._table))
        return [(row["RowKey"], SettledApproval.model_validate_json(row["settled"])) for row in rows]

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
