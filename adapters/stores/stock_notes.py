"""Keep the notes of stocks to be looked at, in the table of the products: one partition per kind and hour."""

from typing import Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.stores.catalogue import PRODUCTS
from domain.inventory.stock_notes import NoteKind, PassPosition, StockNote

_NAME: Final = "the notes of stocks"
_PASS: Final = ("stock-pass", "position")


class StockNotes:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(PRODUCTS)

    def put(self, note: StockNote) -> None:
        """Store a note. A repeat changes nothing."""
        row = {"PartitionKey": _partition(note.kind, note.hour), "RowKey": note.product_id}
        with storage_errors(_NAME):
            created_on_first_use(lambda: self._table.upsert_entity(row), lambda: create_table(self._table))

    def until(self, kind: NoteKind, hour: str) -> list[StockNote]:
        """Return the notes of a kind up to an hour, included."""
        parameters = {"first": _partition(kind, ""), "last": _partition(kind, hour)}
        with storage_errors(_NAME):
            rows = created_on_first_use(
                lambda: list(
                    self._table.query_entities(
                        "PartitionKey ge @first and PartitionKey le @last", parameters=parameters
                    )
                ),
                lambda: create_table(self._table),
            )
        return [StockNote(kind, row["PartitionKey"].removeprefix(_partition(kind, "")), row["RowKey"]) for row in rows]

    def delete(self, note: StockNote) -> None:
        """Delete a note, if there is one."""
        with storage_errors(_NAME):
            self._table.delete_entity(_partition(note.kind, note.hour), note.product_id)

    def pass_position(self) -> PassPosition | None:
        """Return how far the pass over all products is; None before the first."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            try:
                return PassPosition.model_validate_json(self._table.get_entity(*_PASS)["json"])
            except ResourceNotFoundError:  # the row, or the table with it
                return None

    def move_pass(self, position: PassPosition) -> None:
        """Store how far the pass over all products is."""
        row = {"PartitionKey": _PASS[0], "RowKey": _PASS[1], "json": position.model_dump_json()}
        with storage_errors(_NAME):
            created_on_first_use(lambda: self._table.upsert_entity(row), lambda: create_table(self._table))


def _partition(kind: NoteKind, hour: str) -> str:
    return f"{kind}-{hour}"
