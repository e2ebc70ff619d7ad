"""Complete the index of orders that ended under a release whose rows do not have the time of their end.

Retention and the reconciliation of payments find ended orders by the index rows of that time alone. A pass reads every order once,
a page after the other, and remembers how far it is, so that the next run goes on. While a release is deployed, instances of the
former one still end orders: a second pass follows a day after the first, and then it is over for good.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.stores.order_index import PARTITIONS, index_rows, partition_of
from adapters.stores.order_rows import row_of
from adapters.stores.order_stops import NAME, ORDERS
from adapters.stores.rows import Rows
from domain.orders.order import ENDED
from domain.wire import Timestamp, Wire

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_KEYS: Final = ("order-repair", "ends")
_FIRST_ORDER: Final = "0"
"""Orders begin with a letter or a digit; index rows and reminders come before them, or have no status."""

_PAGE_ROWS: Final = 500
_MAX_PASSES: Final = 2
_PASS_INTERVAL: Final = timedelta(days=1)
_OF_ENDED: Final = " or ".join(f"status eq '{status}'" for status in sorted(ENDED))


class _Position(Wire):
    """How far the passes are.

    Attributes:
        passes: How many are over.
        partition: The number of the partition that is being read.
        after: The last order that was read there.
        next_at: When the next pass may begin.
    """

    passes: int = 0
    partition: int = 0
    after: str = ""
    next_at: Timestamp | None = None

    def is_due(self, now: datetime) -> bool:
        return self.passes < _MAX_PASSES and (self.next_at is None or now >= self.next_at)


class OrderRepair:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._orders = storage.table(ORDERS)
        self._rows = Rows(self._orders, partition_of, NAME, index_rows)

    def complete_ends(self, now: datetime, has_time: Callable[[], bool]) -> int:
        """Give every ended order the index row of its end, for as long as there is time. Return how many got theirs."""
        repaired = 0
        with storage_errors(NAME):
            known = self._position()
            position, is_known = known or _Position(), known is not None
            while position.is_due(now) and (not is_known or has_time()):
                page = self._page(position)
                repaired += sum(self._complete(row["RowKey"]) for row in page if _is_without_end(row))
                position = _after(position, page, now)
                is_known = is_known or bool(page)
                if is_known:  # an account without orders has no row of this either: a backup may be restored into it
                    self._move(position)
        return repaired

    def _page(self, position: _Position) -> "list[TableEntity]":
        where = f"PartitionKey eq @partition and RowKey ge @first and RowKey gt @after and ({_OF_ENDED})"
        asked = {"partition": PARTITIONS[position.partition], "first": _FIRST_ORDER, "after": position.after}
        shown = ["PartitionKey", "RowKey", "ended_at", "purged_at"]
        rows = self._orders.query_entities(where, parameters=asked, select=shown, results_per_page=_PAGE_ROWS)
        return created_on_first_use(lambda: list(islice(rows, _PAGE_ROWS)), lambda: create_table(self._orders))

    def _complete(self, order_id: str) -> bool:
        for row in self._rows.reads(order_id):
            if row is None or not _is_without_end(row) or row["status"] not in ENDED:
                return False
            if self._rows.try_write(row, order_id, {"ended_at": _end_of(row)}):
                return True
        return False

    def _position(self) -> _Position | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return _Position.model_validate_json(self._orders.get_entity(*_KEYS)["json"])
        except (ResourceNotFoundError, ValidationError):  # of no pass yet, or of a release with other passes
            return None

    def _move(self, position: _Position) -> None:
        keys = dict(zip(("PartitionKey", "RowKey"), _KEYS, strict=True))
        self._orders.upsert_entity({**keys, "json": position.model_dump_json()})


def _after(position: _Position, page: "list[TableEntity]", now: datetime) -> _Position:
    """Return the position behind a page: a short one is the last of its partition."""
    if len(page) == _PAGE_ROWS:
        return position.model_copy(update={"after": page[-1]["RowKey"]})
    if position.partition + 1 < len(PARTITIONS):
        return position.model_copy(update={"partition": position.partition + 1, "after": ""})
    return _Position(passes=position.passes + 1, next_at=now + _PASS_INTERVAL)


def _is_without_end(row: Mapping[str, Any]) -> bool:
    return row.get("ended_at") is None and row.get("purged_at") is None


def _end_of(row: Mapping[str, Any]) -> datetime:
    """Return when an order ended: with the last entry of its ledger, or, without one, at its last change."""
    known = row_of(row)
    ledger = () if known.result is None else known.result.steps
    return ledger[-1].at if ledger else known.updated_at
