"""Keep the order of each tracking code: the carrier's webhooks name the code alone."""

from typing import Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors

_PARCELS: Final = "parcels"
_PARTITION: Final = "parcel"


class Parcels:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_PARCELS)

    def add(self, code: str, order_id: str) -> None:
        """Record the order of a tracking code."""
        entity = {"PartitionKey": _PARTITION, "RowKey": code, "order_id": order_id}
        with storage_errors("the parcels"):
            created_on_first_use(lambda: self._table.upsert_entity(entity), lambda: create_table(self._table))

    def remove(self, code: str) -> None:
        """Forget a tracking code. Safe to repeat."""
        with storage_errors("the parcels"):
            created_on_first_use(lambda: self._table.delete_entity(_PARTITION, code), lambda: create_table(self._table))

    def order_of(self, code: str) -> str | None:
        """Return the order of a parcel; None when it is not one of this shop."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors("the parcels"):
            try:
                return str(self._table.get_entity(_PARTITION, code)["order_id"])
            except ResourceNotFoundError:  # the row, or the table with it
                return None
