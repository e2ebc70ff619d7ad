"""Read the orders that ended in a span of time, oldest first: the same range of the index in every partition, merged."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

from adapters.azure_storage.table_values import plain
from adapters.stores.order_index import PARTITIONS, ended_prefix
from domain.orders.listing import EndedOrder

if TYPE_CHECKING:
    from azure.data.tables import TableClient


def read_ended(table: "TableClient", since: datetime, until: datetime, limit: int) -> Sequence[EndedOrder]:
    """Read the orders that ended from `since` on and before `until`, so many at most. Raises the tables library's errors."""

    def read(partition: str) -> list[EndedOrder]:
        rows = table.query_entities(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @end",
            parameters={"partition": partition, "first": ended_prefix(since), "end": ended_prefix(until)},
            results_per_page=min(limit, 1_000),
        )
        return [_ended(row) for row in islice(rows, limit)]

    with ThreadPoolExecutor(len(PARTITIONS)) as pool:
        found = list(pool.map(read, PARTITIONS))
    return list(islice(merge(*found, key=lambda order: order.ended_at), limit))


def _ended(row: Mapping[str, Any]) -> EndedOrder:
    return EndedOrder.model_validate({name: plain(row.get(name)) for name in EndedOrder.model_fields})
