"""The audit log: a table to which rows are only ever added. Their keys sort by time, newest first."""

import secrets
from datetime import datetime
from typing import Any, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_pages import read_page
from domain.audit import AuditRecord
from domain.page import Page

_AUDIT: Final = "audit"
_NAME: Final = "the audit log"

# Microseconds until the year 2286: what is left of them sorts the newest first.
_MAX_POSITION: Final = 10**16


class AuditLog:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_AUDIT)

    def append(self, record: AuditRecord) -> None:
        """Store a record."""
        row = {
            "PartitionKey": _AUDIT,
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
        last = None if since is None else f"{_position(since)}."
        filters: dict[str, Any] = {"who eq @who": who, "RowKey le @last": last}
        with storage_errors(_NAME):
            return created_on_first_use(
                lambda: read_page(self._table, _AUDIT, filters, _record_of, cursor=cursor, limit=limit),
                lambda: create_table(self._table),
            )


def _position(at: datetime) -> str:
    return f"{_MAX_POSITION - int(at.timestamp() * 1_000_000):016d}"


def _record_of(row: Any) -> AuditRecord:
    return AuditRecord.model_validate_json(row["record"])
