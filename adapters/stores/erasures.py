"""Keep the erasures of customers' data: one row per customer, under a digest of the id, in the table `erasures`."""

from collections.abc import Sequence
from typing import Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from domain.personal.erasure import Erasure, ErasureStatus

_ERASURES: Final = "erasures"
_PARTITION: Final = "erasure"
_NAME: Final = "the erasures"


class Erasures:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_ERASURES)

    def find(self, subject: str) -> Erasure | None:
        """Return the erasure of a customer's data, by the digest of the id; None when none was asked for."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            try:
                row = self._table.get_entity(_PARTITION, subject)
            except ResourceNotFoundError:  # the row, or the table with it
                return None
        return Erasure.model_validate_json(row["json"])

    def put(self, subject: str, erasure: Erasure) -> None:
        """Store how far an erasure is."""
        entity = {
            "PartitionKey": _PARTITION,
            "RowKey": subject,
            "status": str(erasure.status),
            "json": erasure.model_dump_json(),
        }
        with storage_errors(_NAME):
            created_on_first_use(lambda: self._table.upsert_entity(entity), lambda: create_table(self._table))

    def unfinished(self) -> Sequence[Erasure]:
        """Return the erasures that are not done."""
        asked = "PartitionKey eq @partition and status ne @done"
        parameters = {"partition": _PARTITION, "done": str(ErasureStatus.ERASED)}
        with storage_errors(_NAME):
            rows = created_on_first_use(
                lambda: list(self._table.query_entities(asked, parameters=parameters)),
                lambda: create_table(self._table),
            )
        return [Erasure.model_validate_json(row["json"]) for row in rows]
