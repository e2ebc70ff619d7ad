"""Keep the parcel of each tracking code, because the carrier's webhooks name no order, and where each open parcel is.

Where a parcel is stands in the row of its order. An index row beside it, which is written in the same transaction, holds since when
nothing was reported of the parcel, and goes with the parcel's end: so the timer reads silent parcels alone.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_changes import addition, deletion, replacement, submit
from adapters.stores.order_index import (
    PARTITIONS,
    index_rows,
    open_parcel,
    partition_of,
    silent_before,
    silent_since,
)
from adapters.stores.order_mending import OrderMending
from adapters.stores.order_rows import row_of, tracking_entity
from adapters.stores.rows import Rows
from domain.shipping.parcels import SILENCE_INTERVAL, Parcel, SilentParcel
from domain.shipping.tracking import Tracking

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_PARCELS: Final = "parcels"
_NAME: Final = "the parcels"
_PARTITIONS: Final = tuple(f"parcel-{number}" for number in range(8))
"""A stored parcel stays where it is: never change this."""

_PARTITION_OF_BEFORE: Final = "parcel"
"""Rows of earlier releases, each written by the orchestration that watches the parcel."""

_ORDERS: Final = "orders"
_PAGE_ROWS: Final = 100


class Parcels:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_PARCELS)

    def add(self, parcel: Parcel) -> None:
        """Record a parcel. One that had its tracking code before gives way: carriers use their codes again."""
        entity = _entity(parcel)
        with storage_errors(_NAME):
            created_on_first_use(lambda: self._table.upsert_entity(entity), lambda: create_table(self._table))

    def remove(self, code: str, order_id: str) -> None:
        """Forget the tracking code of an order, unless it is that of another order's parcel by now. Safe to repeat."""
        with storage_errors(_NAME):
            for partition in (_partition(code), _PARTITION_OF_BEFORE):
                row = self._row(partition, code)
                if row is not None and row["order_id"] == order_id:
                    self._table.delete_entity(partition, code)

    def find(self, code: str) -> Parcel | None:
        """Return the parcel of a tracking code; None when it is not one of this shop."""
        with storage_errors(_NAME):
            row = self._row(_partition(code), code)
            if row is not None:
                return _parcel(row)
            row = self._row(_PARTITION_OF_BEFORE, code)
            return None if row is None else Parcel(code=code, order_id=row["order_id"], is_watched=True)

    def _row(self, partition: str, code: str) -> "TableEntity | None":
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._table.get_entity(partition, code)
        except ResourceNotFoundError:  # the row, or the table with it
            return None


class OpenParcels:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._orders = storage.table(_ORDERS)
        self._rows = Rows(self._orders, partition_of, _NAME, index_rows)
        self._mending = OrderMending(storage)

    def record(self, order_id: str, tracking: Tracking, now: datetime, found: SilentParcel | None = None) -> bool:
        """Store where an order's parcel is, unless a later status is known or it is forgotten. An unknown order gets no row.

        A report without a new status is stored now and then only: it shows that the parcel is not silent.

        Args:
            order_id: Of the order.
            tracking: Where its parcel is.
            now: The present time.
            found: The parcel as the index has it. What is not stored may have come of an index row that the order contradicts.

        Returns:
            Whether the status is new.
        """
        with storage_errors(_NAME):
            for row in self._rows.reads(order_id):
                known = None if row is None else row_of(row).tracking
                if row is None or _is_forgotten(row) or not tracking.follows(known):
                    if found is not None:
                        self._mending.mend(order_id, dict.fromkeys(open_parcel(_row_of(found))))
                    return False
                is_new = known is None or known.status is not tracking.status
                if not is_new and not _is_due(row, now):
                    return False
                if self._rows.try_write(row, order_id, tracking_entity(tracking, now)):
                    return is_new
        return False

    def silent(
        self, before: datetime, limit: int, unreadable: Callable[[str], object] = lambda order_id: None
    ) -> Sequence[SilentParcel]:
        """Return parcels without an end of which nothing was reported since then, the longest silent ones first.

        Args:
            before: That time.
            limit: How many at most.
            unreadable: Called with each order whose row cannot be read: it is left out, and keeps no other one out.
        """
        with storage_errors(_NAME):
            rows = created_on_first_use(lambda: self._silent(before), lambda: create_table(self._orders))
            return list(islice(_readable(rows, unreadable), limit))

    def mark_polled(self, parcel: SilentParcel, now: datetime) -> None:
        """Have a parcel, of which there is nothing new, count as silent from now on, unless something was reported meanwhile.

        The order's row is not read: the index row that the parcel was found by has all that moves, and it is there to be
        deleted only as long as nothing was reported, and the parcel is not forgotten.
        """
        from azure.core.exceptions import ResourceNotFoundError

        row = _row_of(parcel)
        polled = {"parcel_reported_at": now}
        keys = {name: row[name] for name in ("PartitionKey", "RowKey")}
        moved = [*map(deletion, open_parcel(row).values()), *map(replacement, open_parcel(row | polled).values())]
        with storage_errors(_NAME), suppress(ResourceNotFoundError):
            submit(self._orders, [addition(keys | polled), *moved])

    def forget(self, order_id: str) -> None:
        """Follow an order's parcel no longer: whatever is reported of it from now on is dropped. Safe to repeat."""
        with storage_errors(_NAME):
            for row in self._rows.reads(order_id):
                is_gone = row is None or _is_forgotten(row)
                if is_gone or self._rows.try_write(row, order_id, {"parcel_forgotten": True}):
                    break

    def is_forgotten(self, order_id: str) -> bool:
        """Return whether nothing of an order's parcel may be kept any more."""
        with storage_errors(_NAME):
            row = self._rows.find(order_id)
        return row is not None and _is_forgotten(row)

    def _silent(self, before: datetime) -> "Iterator[TableEntity]":
        ranges = [self._index(partition, before) for partition in PARTITIONS]
        found = heapq.merge(*ranges, key=lambda row: str(row["RowKey"]))
        first = list(islice(found, 1))  # here, and not by the caller: the table may be missing
        return chain(first, found)

    def _index(self, partition: str, before: datetime) -> "Iterator[TableEntity]":
        first, end = silent_before(before)
        asked = {"partition": partition, "first": first, "end": end}
        where = "PartitionKey eq @partition and RowKey gt @first and RowKey lt @end"
        return iter(self._orders.query_entities(where, parameters=asked, results_per_page=_PAGE_ROWS))


def _entity(parcel: Parcel) -> dict[str, Any]:
    """Return the row of a parcel. What is not known stands in it as an empty text, or else what an earlier row says would stay."""
    ids = {"shipment_id": parcel.shipment_id or "", "tracker_id": parcel.tracker_id or ""}
    watched = {"is_watched": True} if parcel.is_watched else {}
    return {
        "PartitionKey": _partition(parcel.code),
        "RowKey": parcel.code,
        "order_id": parcel.order_id,
        **ids,
        **watched,
    }


def _parcel(row: Mapping[str, Any]) -> Parcel:
    return Parcel(
        code=row["RowKey"],
        order_id=row["order_id"],
        shipment_id=row["shipment_id"] or None,
        tracker_id=row["tracker_id"] or None,
        is_watched=bool(row.get("is_watched")),
    )


def _partition(code: str) -> str:
    return _PARTITIONS[crc32(code.encode()) % len(_PARTITIONS)]


def _is_forgotten(row: Mapping[str, Any]) -> bool:
    return row.get("purged_at") is not None or bool(row.get("parcel_forgotten"))


def _is_due(row: Mapping[str, Any], now: datetime) -> bool:
    reported_at = row.get("parcel_reported_at")
    return reported_at is None or now >= reported_at + SILENCE_INTERVAL


def _readable(rows: Iterator[Mapping[str, Any]], unreadable: Callable[[str], object]) -> Iterator[SilentParcel]:
    for row in rows:
        try:
            parcel = _silent_parcel(row)
        except (KeyError, ValueError):  # of a newer release, perhaps
            unreadable(str(row.get("order_id")))
        else:
            yield parcel


def _silent_parcel(row: Mapping[str, Any]) -> SilentParcel:
    known = row.get("tracking")
    return SilentParcel(
        order_id=row["order_id"],
        code=row["parcel_code"],
        known=None if known is None else Tracking.model_validate_json(known),
        ordered_at=row["listed_at"],
        silent_since=silent_since(row["RowKey"]),
    )


def _row_of(parcel: SilentParcel) -> dict[str, Any]:
    """Return what the row of a silent parcel's order has of the parcel."""
    return {
        "PartitionKey": partition_of(parcel.order_id),
        "RowKey": parcel.order_id,
        "parcel_code": parcel.code,
        "parcel_reported_at": parcel.silent_since,
        "listed_at": parcel.ordered_at,
        **({} if parcel.known is None else {"tracking": parcel.known.model_dump_json()}),
    }
