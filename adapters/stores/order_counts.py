"""Count the orders of a list, up to a limit: a table has no counts of its own, and a page cannot wait for a million keys."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from adapters.stores.order_index import PARTITIONS, prefix_of
from domain.orders.listing import Count, OrderFilter

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_MOST_PER_PARTITION: Final = 250
_BEHIND: Final = "~"
# The service may end a page where its patience ends: behind a short one, or an empty one, there may be more.
_MAX_PAGES: Final = 20


def count_orders(table: "TableClient", wanted: OrderFilter) -> Count:
    """Return how many orders have one value of one index, by one request to each partition as a rule."""
    with ThreadPoolExecutor(len(PARTITIONS)) as pool:
        counts = list(pool.map(lambda partition: _count(table, partition, prefix_of(wanted)), PARTITIONS))
    return Count(at_least=sum(each.at_least for each in counts), is_exact=all(each.is_exact for each in counts))


def _count(table: "TableClient", partition: str, prefix: str) -> Count:
    query = table.query_entities(
        "PartitionKey eq @partition and RowKey gt @first and RowKey lt @end",
        parameters={"partition": partition, "first": prefix, "end": f"{prefix}{_BEHIND}"},
        select=["RowKey"],
        results_per_page=_MOST_PER_PARTITION,
    )
    # The library's annotations do not know that a page iterator carries the token.
    pages: Any = query.by_page()
    rows = 0
    for _ in range(_MAX_PAGES):
        rows += len(list(next(pages, ())))
        if rows >= _MOST_PER_PARTITION or pages.continuation_token is None:
            break
    return Count(at_least=rows, is_exact=pages.continuation_token is None)
