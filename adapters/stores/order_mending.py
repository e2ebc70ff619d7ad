"""Mend what stands beside an order's row: what the row contradicts is deleted, and what it is without is written.

Whatever changes what stands beside an order changes the order's row in the same transaction. So does a repair, on the row as it was
read before the others: in between nothing can have come or gone.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import Storage
from adapters.azure_storage.table_changes import Operation, change, deletion, replacement, submit
from adapters.stores.order_index import index_rows, partition_of
from adapters.stores.order_stops import NAME, ORDERS
from adapters.stores.restored_orders import reminder_beside
from adapters.stores.rows import Rows
from adapters.stores.run_intake import SPELLINGS

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_MAX_DELETIONS: Final = 30
"""A transaction has 100 rows at most, and the largest order 60."""

Listed = Mapping[str, str | None]
"""Keys of index rows that were read, and the status that each shows; None where it has none."""


class OrderMending:
    """Raises the tables library's errors."""

    def __init__(self, storage: Storage) -> None:
        self._orders = storage.table(ORDERS)
        self._rows = Rows(self._orders, partition_of, NAME, index_rows)

    def mend(self, order_id: str, listed: Listed, *, is_whole: bool = False) -> bool:
        """Mend what an order's row contradicts. Return whether anything was.

        Args:
            order_id: Of the order; there may be none.
            listed: The index rows that are in question.
            is_whole: Whether to look for each row that is to stand beside the order, too.
        """
        for row in self._rows.reads(order_id):
            if row is not None and row.get("purged_at") is None and row.get("listed_at") is None:
                return False  # of a release without an index
            expected = {} if row is None else index_rows(row)
            repairs = list(self._repairs(partition_of(order_id), listed, expected))
            if is_whole and row is not None:
                repairs += self._additions(row, expected)
            if not repairs:
                return False
            if self._write(row, repairs):
                return True
        return False

    def _repairs(
        self, partition: str, listed: Listed, expected: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[Operation]:
        wrong = [key for key, status in listed.items() if key not in expected or expected[key].get("status") != status]
        for key in wrong[:_MAX_DELETIONS]:
            found = self._find(partition, key)
            if found is None:
                continue
            if key not in expected:
                yield deletion({"PartitionKey": partition, "RowKey": key})
            elif expected[key].get("status") != found.get("status"):
                yield replacement(expected[key])

    def _additions(self, row: "TableEntity", expected: Mapping[str, Mapping[str, Any]]) -> Iterator[Operation]:
        partition, order_id = row["PartitionKey"], row["RowKey"]
        beside = {**expected, **{each["RowKey"]: each for each in reminder_beside(row)}}
        if row.get("fingerprint") is not None:
            spelling = f"{SPELLINGS}{order_id.lower()}"
            beside[spelling] = {"PartitionKey": partition, "RowKey": spelling}
        yield from (replacement(each) for key, each in beside.items() if self._find(partition, key) is None)

    def _write(self, row: "TableEntity | None", repairs: list[Operation]) -> bool:
        from azure.core.exceptions import ResourceNotFoundError

        own = [] if row is None else [change(_keys(row), str(row.metadata["etag"]))]
        try:
            return submit(self._orders, [*own, *repairs])
        except ResourceNotFoundError:  # another process was faster
            return False

    def _find(self, partition: str, key: str) -> "TableEntity | None":
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._orders.get_entity(partition, key, select=["RowKey", "status"])
        except ResourceNotFoundError:
            return None


def _keys(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("PartitionKey", "RowKey")}
