"""Compare the index of orders with the orders, a page after the other, and mend what differs.

No transaction leaves a difference, but a person or a restore can. An index row without its order's consent is listed for ever; an
order without the row of its end is never archived. Two passes go round: one over the index rows that are few and cost most, of
orders under way and of open parcels; one over everything. Each remembers how far it is, and begins anew a day after its end at the
earliest.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice, repeat
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import ValidationError

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.stores.order_index import OPEN_PARCELS, PARTITIONS, ended_prefix, is_index_row, partition_of, prefix_of
from adapters.stores.order_mending import OrderMending
from adapters.stores.order_stops import NAME, ORDERS
from adapters.stores.run_intake import REMINDERS
from domain.orders.listing import EndedOrder, IndexMending, OrderFilter
from domain.orders.order import ENDS, OrderStatus
from domain.wire import Timestamp, Wire

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_PARTITION: Final = "order-repair"
_PAGE_ROWS: Final = 200
_MAX_ROWS: Final = 800
"""Of one pass in one run. A row of the index costs one request, and an order as many as it has index rows."""

_CONCURRENCY: Final = 8
_PASS_INTERVAL: Final = timedelta(days=1)
_BEHIND: Final = "~"


class _Range(NamedTuple):
    partition: str
    first: str
    end: str


def _ranges(prefixes: Sequence[tuple[str, str]]) -> tuple[_Range, ...]:
    return tuple(_Range(partition, *each) for partition in PARTITIONS for each in prefixes)


_LIVE: Final = tuple(prefix_of(OrderFilter(status=each)) for each in OrderStatus if each not in ENDS)
_PASSES: Final[Mapping[str, tuple[_Range, ...]]] = {
    "open": _ranges([(prefix, f"{prefix}{_BEHIND}") for prefix in (OPEN_PARCELS, *_LIVE)]),
    "all": _ranges([("$", REMINDERS)]),
}
"""Index rows begin with `$`, orders come behind them, and reminders last."""


class _Position(Wire):
    """How far a pass is.

    Attributes:
        number: Of the range that is being read.
        after: The last key that was read there.
        next_at: When the next pass may begin; None while one is under way.
    """

    number: int = 0
    after: str = ""
    next_at: Timestamp | None = None


class OrderIndexCheck:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._orders = storage.table(ORDERS)
        self._mending = OrderMending(storage)

    def mend(self, now: datetime, has_time: Callable[[], bool]) -> IndexMending:
        """Go on with both passes, for as long as there is time. Return the orders whose index was mended, or cannot be."""
        with storage_errors(NAME), ThreadPoolExecutor(_CONCURRENCY) as pool:
            found = [each for name in _PASSES for each in self._go_on(name, now, has_time, pool)]
        return IndexMending(
            mended=[order_id for order_id, is_mended in found if is_mended],
            unreadable=list(dict.fromkeys(order_id for order_id, is_mended in found if is_mended is None)),
        )

    def drop_left_over_end(self, ended: EndedOrder) -> bool:
        """Return whether an order did not end as its index row says: then that row is mended, and the order stays as it is."""
        key = f"{ended_prefix(ended.ended_at)}{ended.order_id}"
        with storage_errors(NAME):
            return self._mending.mend(ended.order_id, {key: ended.status})

    def _go_on(
        self, name: str, now: datetime, has_time: Callable[[], bool], pool: ThreadPoolExecutor
    ) -> list[tuple[str, bool | None]]:
        position, rows = self._position(name, now), 0
        found = list[tuple[str, bool | None]]()
        while rows < _MAX_ROWS and (position.next_at is None or now >= position.next_at) and has_time():
            span = _PASSES[name][position.number]
            page = self._page(span, position.after)
            of_orders = _by_order(page)
            answers = pool.map(self._mend_listed, repeat(span.partition), of_orders, of_orders.values())
            found += zip(of_orders, answers, strict=True)
            rows += len(page)
            position = _after(name, position, page, now)
        if rows:  # an account without orders has no row of this: a backup may be restored into it
            self._move(name, position)
        return found

    def _mend_listed(self, partition: str, order_id: str, rows: "list[TableEntity]") -> bool | None:
        """Return whether there were differences; None when that cannot be known."""
        listed = {row["RowKey"]: row.get("status") for row in rows if is_index_row(row)}
        if partition != partition_of(order_id):  # no order of this id can stand beside them
            for key in listed:
                self._orders.delete_entity(partition, key)
            return bool(listed)
        try:
            return self._mending.mend(order_id, listed, is_whole=len(listed) < len(rows))
        except (LookupError, TypeError, ValueError):  # its row cannot be read; those behind it can
            return None

    def _page(self, span: _Range, after: str) -> "list[TableEntity]":
        rows = self._orders.query_entities(
            "PartitionKey eq @partition and RowKey gt @after and RowKey lt @end",
            parameters={"partition": span.partition, "after": max(span.first, after), "end": span.end},
            select=["RowKey", "status"],
            results_per_page=_PAGE_ROWS,
        )
        return created_on_first_use(lambda: list(islice(rows, _PAGE_ROWS)), lambda: create_table(self._orders))

    def _position(self, name: str, now: datetime) -> _Position:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            known = _Position.model_validate_json(self._orders.get_entity(_PARTITION, f"index-{name}")["json"])
        except (ResourceNotFoundError, ValidationError):  # of no pass yet
            return _Position()
        # Else it is of a release with more ranges, or by a clock that was ahead.
        is_usable = known.number < len(_PASSES[name]) and (
            known.next_at is None or known.next_at <= now + _PASS_INTERVAL
        )
        return known if is_usable else _Position()

    def _move(self, name: str, position: _Position) -> None:
        self._orders.upsert_entity(
            {"PartitionKey": _PARTITION, "RowKey": f"index-{name}", "json": position.model_dump_json()}
        )


def _by_order(page: "list[TableEntity]") -> "dict[str, list[TableEntity]]":
    """Return the rows of a page by their orders: the keys of index rows end in them."""
    found: dict[str, list[TableEntity]] = {}
    for row in page:
        found.setdefault(row["RowKey"].rpartition("|")[2], []).append(row)
    return found


def _after(name: str, position: _Position, page: "list[TableEntity]", now: datetime) -> _Position:
    """Return the position behind a page: a short one is the last of its range."""
    if len(page) == _PAGE_ROWS:
        return position.model_copy(update={"after": page[-1]["RowKey"]})
    if position.number + 1 < len(_PASSES[name]):
        return _Position(number=position.number + 1)
    return _Position(next_at=now + _PASS_INTERVAL)
