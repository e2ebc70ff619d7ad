"""Rows that several processes change: each change is based on the row as it was read, and its index rows change with it."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.table_changes import Operation, change, creation, deletion, overwriting, replacement, submit
from domain.errors import StorageUnavailable

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity

# A row is hardly ever changed by two at once: more collisions than this in a row mean that something is wrong.
_MAX_COLLISIONS: Final = 5


Index = Callable[[Mapping[str, Any]], Mapping[str, Mapping[str, Any]]]
"""From a row to its index rows, by row key: other rows of its partition, which are a function of it."""


def no_index(row: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return no index rows."""
    return {}


class Rows:
    """Rows of a table. Raises the tables library's errors.

    Attributes:
        name: For the text of an error.
    """

    def __init__(
        self, table: "TableClient", partition_of: Callable[[str], str], name: str, index: Index = no_index
    ) -> None:
        self._table = table
        self._partition_of = partition_of
        self._index = index
        self.name = name

    def find(self, row_key: str) -> "TableEntity | None":
        """Return a row; None when there is none, or no table."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._table.get_entity(self._partition_of(row_key), row_key)
        except ResourceNotFoundError:  # the row, or the table with it
            return None

    def reads(self, row_key: str, known: "TableEntity | None" = None) -> "Iterator[TableEntity | None]":
        """Read a row again and again, for a caller who leaves the loop once its write succeeds.

        Args:
            row_key: Of the row.
            known: The row as it was read before, with which to begin; only for a caller who writes it.

        Raises:
            StorageUnavailable: Other processes were faster each time.
        """
        if known is not None:
            yield known
        for _ in range(_MAX_COLLISIONS):
            yield self.find(row_key)
        raise StorageUnavailable(f"{self.name}: a row is being changed by too many at once")

    def try_write(self, row: "TableEntity | None", row_key: str, changes: Mapping[str, Any]) -> bool:
        """Change a row that was read, or insert it where there was none; False when it changed since."""
        entity = {**changes, "PartitionKey": self._partition_of(row_key), "RowKey": row_key}
        own = creation(entity) if row is None else change(entity, str(row.metadata["etag"]))
        return self._write(own, row, {**(row or {}), **entity})

    def try_replace(self, row: "TableEntity", entity: Mapping[str, Any]) -> bool:
        """Put an entity of the same keys in the place of a row that was read; False when the row changed since."""
        return self._write(overwriting(entity, str(row.metadata["etag"])), row, entity)

    def _write(self, own: Operation, row: "TableEntity | None", after: Mapping[str, Any]) -> bool:
        from azure.core.exceptions import ResourceNotFoundError

        before = {} if row is None else self._index(row)
        beside = _index_changes(before, self._index(after))
        try:
            return submit(self._table, [own, *beside])
        except ResourceNotFoundError:
            if row is None:
                raise
            # The service deletes only what is there: an index row that an operator has deleted must not hold up its order. They
            # are put back on the row as it was read, or else they could be those of before another process's change.
            unchanged = change({name: row[name] for name in ("PartitionKey", "RowKey")}, str(row.metadata["etag"]))
            submit(self._table, [unchanged, *map(replacement, before.values())])
            return False


def _index_changes(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> list[Operation]:
    deleted = [deletion(row) for key, row in before.items() if key not in after]
    return [*deleted, *(replacement(row) for key, row in after.items() if row != before.get(key))]
