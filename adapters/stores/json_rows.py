"""Rows of a table that each hold one value as JSON."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.azure_storage.storage import create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_pages import read_page
from domain.page import Page

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity

T = TypeVar("T")


class JsonRows:
    """Every method raises StorageUnavailable when the table does not answer.

    Args:
        table: Created if it is missing.
        name: For the text of an error.
    """

    def __init__(self, table: "TableClient", name: str) -> None:
        self._table = table
        self._name = name

    def find(self, partition: str, key: str) -> "TableEntity | None":
        """Return a row; None when there is none, or no table."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(self._name):
            try:
                return self._table.get_entity(partition, key)
            except ResourceNotFoundError:  # the row, or the table with it
                return None

    def select(self, query: str, parameters: Mapping[str, Any]) -> "list[TableEntity]":
        """Return all rows that a query finds."""
        return self._using(lambda: list(self._table.query_entities(query, parameters=dict(parameters))))

    def page(self, partition: str, read: Callable[[str], T], cursor: str | None, limit: int) -> Page[T]:
        """Return a page of a partition's values. Raises InvalidCursor.

        Args:
            partition: Its name.
            read: Returns the value of a row's JSON.
            cursor: Of the page; None for the first.
            limit: How many at most.
        """
        return self._using(
            lambda: read_page(self._table, partition, {}, lambda row: read(row["json"]), cursor=cursor, limit=limit)
        )

    def put(self, partition: str, key: str, text: str, **columns: str) -> None:
        """Store a value, with columns to find it by."""
        entity: Mapping[str, Any] = {"PartitionKey": partition, "RowKey": key, "json": text, **columns}
        self._using(lambda: self._table.upsert_entity(entity))

    def insert(self, partition: str, key: str, text: str) -> str:
        """Store a value unless there is one. Return the one that holds."""
        from azure.core.exceptions import ResourceExistsError

        entity = {"PartitionKey": partition, "RowKey": key, "json": text}
        with storage_errors(self._name):
            try:
                created_on_first_use(lambda: self._table.create_entity(entity), lambda: create_table(self._table))
            except ResourceExistsError:
                return str(self._table.get_entity(partition, key)["json"])
        return text

    def delete(self, partition: str, key: str) -> None:
        """Delete a row, if it is there."""
        with storage_errors(self._name):
            self._table.delete_entity(partition, key)

    def _using(self, call: Callable[[], T]) -> T:
        """Return what a call of the table returns, which is created if it is missing."""
        with storage_errors(self._name):
            return created_on_first_use(call, lambda: create_table(self._table))
