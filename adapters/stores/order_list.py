"""Read lists of orders, newest first: the same range of an index in every partition, merged.

A cursor is a place among all orders, between two of them. Orders that are placed or change between two pages move no other one
over that place, so none is shown twice or left out.

A page is one request to each partition. Where that leaves it short, because several conditions leave few of an index's rows or one
partition has more of them than the others, it is one more: behind it the page may stay short, and has a next one.
"""

import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.cursor import decode_cursor, encode_cursor
from adapters.azure_storage.table_values import plain
from adapters.stores.order_index import PARTITIONS, filter_digest, inverse_time, prefix_of, wanted_values
from adapters.stores.order_span import span_behind
from domain.errors import StorageUnavailable
from domain.orders.listing import ListedOrder, OrderFilter
from domain.page import InvalidCursor, Page

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity

_BEHIND: Final = "~"  # every place of a prefix
_PLACE: Final = re.compile(r"[a-p]{14}\|[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_CHECKED_ROWS: Final = 200
"""Read at once behind the first page where the service cannot check the other conditions: each is read here, and most in vain."""

_MIN_FIRST_ROWS: Final = 17
"""From which it is estimated how long a span has enough rows for the second round."""

_BY_SERVICE: Final = frozenset({"status", "customer_id", "email_digest"})
"""Conditions that the service can check, of rows in an order that it does not know."""

# The service may end a page where its patience ends: behind an empty one there may be more.
_MAX_EMPTY_PAGES: Final = 20

_MAX_SPAN_PAGES: Final = 3

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
        page = _merged(rows, wanted, limit)
        if len(page.items) < limit and page.cursor is not None:
            list(pool.map(_Rows.go_on, rows))
            page = _merged(rows, wanted, limit)
    return page


def _merged(rows: "Sequence[_Rows]", wanted: OrderFilter, limit: int) -> Page[ListedOrder]:
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

    When there are more than were read, the place up to which they were ends them, with None.
    """

    def __init__(
        self, table: "TableClient", partition: str, wanted: OrderFilter, place: str | None, limit: int
    ) -> None:
        self._table = table
        self._partition = partition
        self._wanted = wanted
        self._prefix = prefix_of(wanted)
        self._values = wanted_values(wanted)
        self._limit = limit
        # An even one of the orders, and some more.
        self._share = 2 * limit // len(PARTITIONS) + 5
        newest = "" if wanted.placed_to is None else f"{inverse_time(wanted.placed_to)}{_BEHIND}"
        self._read_to = max(newest, place or "")
        self._has_more = True
        self._first_places: list[str] = []
        self._found: list[_Placed] = []

    def begin(self) -> None:
        """Read a first page."""
        self._first_places = self._read(self._share if len(self._values) < 2 else max(self._share, _MIN_FIRST_ROWS))

    def go_on(self) -> None:
        """Read further, where there is more, so that this partition holds up no page whose conditions are met often enough."""
        if not self._has_more:
            return
        if len(self._values) < 2:
            self._read(self._limit)
            return
        by_service = self._conditions_for_service()
        if not (by_service and self._read_span(by_service)):
            self._read(max(_CHECKED_ROWS, self._share))

    def __iter__(self) -> Iterator[_Placed]:
        yield from self._found
        if self._has_more:
            yield self._read_to, None

    def _read(self, size: int) -> list[str]:
        """Read the next rows, so many at most, and check them here. Return their places."""
        pages = self._pages("RowKey lt @end", {"end": self._end()}, size)
        for _ in range(_MAX_EMPTY_PAGES):
            page = list(next(pages, ()))
            self._has_more = pages.continuation_token is not None
            if page or not self._has_more:
                self._add(page)
                places = [self._place(row) for row in page]
                self._read_to = (self._read_to, *places)[-1]
                return places
        raise StorageUnavailable("the order repository gave nothing but empty pages")

    def _read_span(self, conditions: Mapping[str, str]) -> bool:
        """Have the service check the rows of a span of time, in which many are to be expected. False when it took too long."""
        until = span_behind(self._first_places)
        # Not beyond the range: a place is compared as far as it goes.
        asked = " and ".join(["RowKey le @until", "RowKey lt @end", *(f"{name} eq @{name}" for name in conditions)])
        pages = self._pages(asked, {"until": f"{self._prefix}{until}", "end": self._end(), **conditions}, self._share)
        found: list[TableEntity] = []
        for _ in range(_MAX_SPAN_PAGES):
            found += next(pages, ())
            if pages.continuation_token is None:
                self._read_to, self._has_more = until, f"{self._prefix}{until}" < self._end()
                break
            if found:
                self._read_to = self._place(found[-1])
            if len(found) >= self._share:
                break
        self._add(found)
        return bool(found) or pages.continuation_token is None

    def _pages(self, asked: str, parameters: Mapping[str, str], size: int) -> Any:
        """Return the pages of a part of the range behind what was read. The library's annotations do not know their tokens."""
        query = self._table.query_entities(
            f"PartitionKey eq @partition and RowKey gt @first and {asked}",
            parameters={"partition": self._partition, "first": f"{self._prefix}{self._read_to}", **parameters},
            results_per_page=size,
        )
        return query.by_page()

    def _add(self, rows: "Sequence[TableEntity]") -> None:
        self._found += [(self._place(row), row) for row in rows if self._meets(row)]

    def _conditions_for_service(self) -> Mapping[str, str]:
        """Return the conditions that the service is to check; none where it cannot check all that the index leaves open."""
        has_product = self._wanted.product_id is not None
        if has_product and self._prefix != prefix_of(OrderFilter(product_id=self._wanted.product_id)):
            return {}
        return {name: value for name, value in self._values.items() if name in _BY_SERVICE}

    def _meets(self, row: Mapping[str, Any]) -> bool:
        wanted = self._wanted
        if wanted.product_id is not None and f"|{wanted.product_id}|" not in row.get("products", ""):
            return False
        is_timed = wanted.placed_from is not None or wanted.placed_to is not None
        if is_timed and row.get("placed_at") is None:
            return False
        return all(row.get(name) == value for name, value in self._values.items() if name != "product_id")

    def _end(self) -> str:
        oldest = "" if self._wanted.placed_from is None else inverse_time(self._wanted.placed_from)
        return f"{self._prefix}{oldest}{_BEHIND}"

    def _place(self, row: "TableEntity") -> str:
        return str(row["RowKey"]).removeprefix(self._prefix)


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
