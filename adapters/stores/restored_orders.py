"""Make whole what a copy of the orders has in parts: the rows of an order are copied one after the other, while it goes on.

A copy may have an order as it was, index rows of before, and no reminder any more, because the order ended meanwhile: no list and
no timer would find it. So the index rows are made anew of the order's row, and each order that is open there has its reminder.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapters.stores.order_index import index_rows, is_index_row
from adapters.stores.order_rows import row_of
from adapters.stores.run_intake import reminder_row
from domain.orders.order import ENDED
from domain.orders.run import run_of


def as_of_one_moment(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of the orders' table, as they are to be restored; what the copy has of the same key comes later."""
    for row in rows:
        if not is_index_row(row):
            yield row
        if row.get("listed_at") is not None and not is_index_row(row):
            yield from index_rows(row).values()
            yield from reminder_beside(row)


def reminder_beside(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the reminder of an order that is under way; nothing of another one."""
    known = row_of(row)
    if known.order is not None and known.status not in ENDED:
        yield {"PartitionKey": row["PartitionKey"], **reminder_row(run_of(known.order, with_request=False))}
