"""Read the orders that ended in a span of time, oldest first: the same range of the index in every partition, merged."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

from adapters.azure_storage.table_pages import begun
from adapters.azure_storage.table_values import plain
from adapters.stores.order_index import PARTITIONS, ended_prefix
from domain.orders.listing import EndedOrder

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity


def read_ended(table: "TableClient", since: datetime, until: datetime, limit: int) -> Sequence[EndedOrder]:
    """Read the orders that ended from `since` on and before `until`, so many at most. Raises the tables library's errors."""

    def begin(partition: str) -> "Iterator[TableEntity]":
        rows = table.query_entities(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @end",
            parameters={"partition": partition, "first": ended_prefix(since), "end": ended_prefix(until)},
            # An even share and some more: a partition that has a larger one is read further.
            results_per_page=min(2 * limit // len(PARTITIONS) + 5, 1_000),
        )
        return begun(rows)

    with ThreadPoolExecutor(len(PARTITIONS)) as pool:
        found = list(pool.map(begin, PARTITIONS))
    return [_ended(row) for row in islice(merge(*found, key=lambda row: str(row["RowKey"])), limit)]


def _ended(row: Mapping[str, Any]) -> EndedOrder:
    return EndedOrder.model_validate({name: plain(row.get(name)) for name in EndedOrder.model_fields})
