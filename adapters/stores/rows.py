"""Rows of one partition that several processes change: each change is based on the row as it was read."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import create_table, created_on_first_use
from domain.errors import StorageUnavailable

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity

# A row is hardly ever changed by two at once: more collisions than this in a row mean that something is wrong.
_MAX_COLLISIONS: Final = 5


class Rows:
    """One partition of a table. Raises the tables library's errors.

    Attributes:
        name: For the text of an error.
    """

    def __init__(self, table: "TableClient", partition: str, name: str) -> None:
        self._table = table
        self._partition = partition
        self.name = name

    def find(self, row_key: str) -> "TableEntity | None":
        """Return a row; None when there is none, or no table."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._table.get_entity(self._partition, row_key)
        except ResourceNotFoundError:  # the row, or the table with it
            return None

    def reads(self, row_key: str) -> "Iterator[TableEntity | None]":
        """Read a row again and again, for a caller who leaves the loop once its write succeeds.

        Raises:
            StorageUnavailable: Other processes were faster each time.
        """
        for _ in range(_MAX_COLLISIONS):
            yield self.find(row_key)
        raise StorageUnavailable(f"{self.name}: a row is being changed by too many at once")

    def try_write(self, row: "TableEntity | None", row_key: str, change: Mapping[str, Any]) -> bool:
        """Change a row that was read, or insert it where there was none; False when it changed since."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

        entity = {**change, "PartitionKey": self._partition, "RowKey": row_key}
        try:
            if row is None:
                created_on_first_use(lambda: self._table.create_entity(entity), lambda: create_table(self._table))
            else:
                etag = row.metadata["etag"]
                self._table.update_entity(entity, etag=etag, match_condition=MatchConditions.IfNotModified)
        except (ResourceExistsError, ResourceModifiedError):
            return False
        return True
