"""The audit log: a table to which rows are only ever added, until their retention is over.

A partition for each day, so that no partition grows for ever and whole days are deleted. The keys of partitions and rows sort by
time, newest first: one query reads from day to day.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_changes import deletion, submit
from adapters.azure_storage.table_pages import begun, read_page
from domain.audit import AuditRecord
from domain.page import Page

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_AUDIT: Final = "audit"
_NAME: Final = "the audit log"

# Microseconds until the year 2286, and the last of all days: what is left of them sorts the newest first.
_MAX_POSITION: Final = 10**16
_MAX_DAY: Final = 99_999_999
_NO_PARTITION: Final = "0"
_TRANSACTION_ROWS: Final = 100


class AuditLog:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_AUDIT)

    def append(self, record: AuditRecord) -> None:
        """Store a record."""
        row = {
            "PartitionKey": _day(record.at),
            "RowKey": f"{_position(record.at)}-{secrets.token_hex(4)}",
            "who": record.who,
            "record": record.model_dump_json(),
        }
        with storage_errors(_NAME):
            created_on_first_use(lambda: self._table.create_entity(row), lambda: create_table(self._table))

    def list(
        self, *, who: str | None = None, since: datetime | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[AuditRecord]:
        """Return records, newest first."""
        # A dot sorts behind the hyphen, so that records of the very microsecond are included.
        last, day = (None, None) if since is None else (f"{_position(since)}.", _day(since))
        filters: dict[str, Any] = {
            "PartitionKey gt @first": _NO_PARTITION,
            "PartitionKey le @day": day,
            "RowKey le @last": last,
            "who eq @who": who,
        }
        with storage_errors(_NAME):
            return created_on_first_use(
                lambda: read_page(self._table, None, filters, _record_of, cursor=cursor, limit=limit),
                lambda: create_table(self._table),
            )

    def purge(self, before: datetime, has_time: Callable[[], bool]) -> int:
        """Delete the records of the days before that of a time. Return how many there were. has_time: whether it may go on."""
        purged = 0
        with storage_errors(_NAME):
            rows = created_on_first_use(lambda: begun(self._rows_before(before)), lambda: create_table(self._table))
            for _, of_day in groupby(rows, key=lambda row: row["PartitionKey"]):
                while some := list(islice(of_day, _TRANSACTION_ROWS)):
                    if not has_time():
                        return purged
                    submit(self._table, [deletion(row) for row in some])
                    purged += len(some)
        return purged

    def _rows_before(self, before: datetime) -> "Iterable[TableEntity]":
        return self._table.query_entities(
            "PartitionKey gt @day and PartitionKey le @last",
            parameters={"day": _day(before), "last": str(_MAX_DAY)},
            select=["PartitionKey", "RowKey"],
        )


def _day(at: datetime) -> str:
    """Return the partition of a day, which is one of UTC."""
    return f"{_MAX_DAY - int(at.astimezone(UTC).strftime('%Y%m%d')):08d}"


def _position(at: datetime) -> str:
    return f"{_MAX_POSITION - int(at.timestamp() * 1_000_000):016d}"


def _record_of(row: Any) -> AuditRecord:
    return AuditRecord.model_validate_json(row["record"])
