"""Read lists of orders, newest first: the same range of an index in every partition, merged.

A cursor is a place among all orders, between two of them. Orders that are placed or change between two pages move no other one
over that place, so none is shown twice or left out.
"""

import heapq
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.cursor import decode_cursor, encode_cursor
from adapters.azure_storage.table_values import plain
from adapters.stores.order_index import PARTITIONS, filter_digest, inverse_time, prefix_of, wanted_values
from domain.errors import StorageUnavailable
from domain.orders.listing import ListedOrder, OrderFilter
from domain.page import InvalidCursor, Page

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity

_BEHIND: Final = "~"  # every place of a prefix
_PLACE: Final = re.compile(r"[a-p]{14}\|[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FILTERING_ROWS: Final = 200
_MAX_PAGES: Final = 5
# The service may end a page where its patience ends: behind an empty one there may be more.
_MAX_EMPTY_PAGES: Final = 20

_Placed = tuple[str, "TableEntity | None"]


def read_orders(table: "TableClient", wanted: OrderFilter, cursor: str | None, limit: int) -> Page[ListedOrder]:
    """Read one page. Where several conditions leave few of an index's rows, it may be short, or empty, and have a next one.

    Raises:
        InvalidCursor: The cursor does not come from this list with this filter.
        StorageUnavailable: The service gave nothing but empty pages.
    """
    place = _place_of(cursor, wanted)
    rows = [_Rows(table, partition, wanted, place, limit) for partition in PARTITIONS]
    with ThreadPoolExecutor(len(rows)) as pool:
        list(pool.map(_Rows.begin, rows))
    orders: list[ListedOrder] = []
    last = ""
    for place, row in heapq.merge(*rows, key=itemgetter(0)):
        if row is None:
            return Page(orders, _cursor_at(place, wanted))
        if len(orders) == limit:
            return Page(orders, _cursor_at(last, wanted))
        orders.append(_listed(row))
        last = place
    return Page(orders, None)


class _Rows:
    """The rows of one partition that meet a filter, with their places.

    When there are more and enough were read for one page, the place of the last row that was read ends them, with None.
    """

    def __init__(
        self, table: "TableClient", partition: str, wanted: OrderFilter, place: str | None, limit: int
    ) -> None:
        self._prefix = prefix_of(wanted)
        self._wanted = wanted
        self._values = wanted_values(wanted)
        asked = {"partition": partition, "first": self._first(place), "end": self._end()}
        query = table.query_entities(
            "PartitionKey eq @partition and RowKey gt @first and RowKey lt @end",
            parameters=asked,
            results_per_page=_page_rows(len(self._values), limit),
        )
        # The library's annotations do not know that a page iterator carries the token.
        self._pages: Any = query.by_page()
        self._page: list[TableEntity] = []

    def begin(self) -> None:
        """Read the first page."""
        self._read()

    def __iter__(self) -> Iterator[_Placed]:
        for number in range(_MAX_PAGES):
            if number:
                self._read()
            for row in self._page:
                if self._meets(row):
                    yield self._place(row), row
            if self._pages.continuation_token is None:
                return
        yield self._place(self._page[-1]), None

    def _read(self) -> None:
        for _ in range(_MAX_EMPTY_PAGES):
            self._page = list(next(self._pages, ()))
            if self._page or self._pages.continuation_token is None:
                return
        raise StorageUnavailable("the order repository gave nothing but empty pages")

    def _meets(self, row: Mapping[str, Any]) -> bool:
        wanted = self._wanted
        if wanted.product_id is not None and f"|{wanted.product_id}|" not in row.get("products", ""):
            return False
        is_timed = wanted.placed_from is not None or wanted.placed_to is not None
        if is_timed and row.get("placed_at") is None:
            return False
        return all(row.get(name) == value for name, value in self._values.items() if name != "product_id")

    def _first(self, place: str | None) -> str:
        """Return the key behind which the range begins."""
        newest = "" if self._wanted.placed_to is None else f"{inverse_time(self._wanted.placed_to)}{_BEHIND}"
        return self._prefix + max(newest, place or "")

    def _end(self) -> str:
        oldest = "" if self._wanted.placed_from is None else inverse_time(self._wanted.placed_from)
        return f"{self._prefix}{oldest}{_BEHIND}"

    def _place(self, row: "TableEntity") -> str:
        return str(row["RowKey"]).removeprefix(self._prefix)


def _page_rows(conditions: int, limit: int) -> int:
    """Return how many rows to read at once: an even share and some more, or more where a part of them will not do."""
    return _FILTERING_ROWS if conditions > 1 else 2 * limit // len(PARTITIONS) + 5


def _listed(row: Mapping[str, Any]) -> ListedOrder:
    return ListedOrder.model_validate({name: plain(row.get(name)) for name in ListedOrder.model_fields})


def _cursor_at(place: str, wanted: OrderFilter) -> str | None:
    return encode_cursor([filter_digest(wanted), place])


def _place_of(cursor: str | None, wanted: OrderFilter) -> str | None:
    position = decode_cursor(cursor)
    if position is None:
        return None
    if not isinstance(position, list) or len(position) != 2 or position[0] != filter_digest(wanted):
        raise InvalidCursor
    if not isinstance(position[1], str) or not _PLACE.fullmatch(position[1]):
        raise InvalidCursor
    return position[1]
