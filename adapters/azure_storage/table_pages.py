"""Read tables page by page, with filters as parameters and cursors that callers may keep."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from adapters.azure_storage.cursor import decode_cursor, encode_cursor
from domain.page import InvalidCursor, Page

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity

T = TypeVar("T")

# The service ends a page where a partition or its patience ends: behind an empty one there may be more.
_MAX_EMPTY_PAGES: Final = 20


def read_page(
    table: "TableClient",
    partition: str | None,
    filters: Mapping[str, Any],
    read: Callable[["TableEntity"], T],
    *,
    cursor: str | None,
    limit: int,
) -> Page[T]:
    """Read one page of a partition, or of several, in the order of their keys.

    Args:
        table: Where to read.
        partition: Its partition key; None where the filters say which.
        filters: Conditions, each naming one parameter by `@`, and the value of that; None leaves a condition out.
        read: Makes an item of a row.
        cursor: The page; None for the first.
        limit: The most items that the page may have.

    Raises:
        InvalidCursor: The cursor does not come from this list.
    """
    all_filters = {"PartitionKey eq @partition": partition, **filters}
    asked = {condition: value for condition, value in all_filters.items() if value is not None}
    query = table.query_entities(
        " and ".join(asked),
        parameters={condition.rpartition("@")[2]: value for condition, value in asked.items()},
        results_per_page=limit,
    )
    # The library's annotations know neither the token's form nor that a page iterator carries it.
    pages: Any = query.by_page(continuation_token=_position(cursor))  # type: ignore[arg-type]
    items: list[T] = []
    for _ in range(_MAX_EMPTY_PAGES):
        items = [read(entity) for entity in next(pages, ())]
        if items or pages.continuation_token is None:
            break
    return Page(items, encode_cursor(pages.continuation_token))


def _position(cursor: str | None) -> dict[str, str] | None:
    position = decode_cursor(cursor)
    if position is None:
        return None
    if not isinstance(position, dict) or set(position) != {"PartitionKey", "RowKey"}:
        raise InvalidCursor
    if not all(isinstance(value, str) for value in position.values()):
        raise InvalidCursor
    return position


def begun(rows: "Iterable[TableEntity]") -> "Iterator[TableEntity]":
    """Return an iterator whose first row has been read: a table that is missing shows then."""
    iterator = iter(rows)
    return chain(list(islice(iterator, 1)), iterator)
