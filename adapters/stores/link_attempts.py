"""Keep when links from one address have failed: a row per address, for all instances of the app.

An address is stored as a digest. Rows are of use for minutes; the retention timer deletes them.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_changes import creation, overwriting, submit
from adapters.azure_storage.table_pages import begun
from domain.ids import digest_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from azure.data.tables import TableEntity

_TABLE: Final = "linkattempts"
_NAME: Final = "the links that failed"
_MAX_TRIES: Final = 5


class FailedLinks:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_TABLE)

    def add(self, source: str, now: datetime, most: int, within: timedelta) -> datetime | None:
        """Record that a link from an address failed, unless as many have as may.

        Args:
            source: The address, or what counts as one.
            now: When.
            most: How many may fail.
            within: In this time.

        Returns:
            None when it is recorded; else until when no further one may fail.
        """
        key = digest_id(source)
        with storage_errors(_NAME):
            for _ in range(_MAX_TRIES):  # others count at the same moment; one more or less is no harm
                row = self._find(key)
                times = [] if row is None else _times(row)
                recent = [time for time in times if time > now - within]
                if len(recent) >= most:
                    return recent[-most] + within
                failed = json.dumps([time.isoformat() for time in (*recent, now)])
                entity = {"PartitionKey": key, "RowKey": _TABLE, "failed": failed}
                operation = creation(entity) if row is None else overwriting(entity, str(row.metadata["etag"]))
                if submit(self._table, [operation]):
                    break
        return None

    def delete_unchanged_since(self, before: datetime, has_time: Callable[[], bool] = lambda: True) -> int:
        """Delete the rows of addresses from which no link has failed since. Return how many. has_time: whether it may go on."""
        deleted = 0
        with storage_errors(_NAME):
            rows = created_on_first_use(lambda: begun(self._rows_until(before)), lambda: create_table(self._table))
            for row in takewhile(lambda _: has_time(), rows):  # a flood of addresses is more than one run can delete
                self._table.delete_entity(row["PartitionKey"], row["RowKey"])
                deleted += 1
        return deleted

    def _rows_until(self, before: datetime) -> "Iterable[TableEntity]":
        return self._table.query_entities(
            "Timestamp lt @before", parameters={"before": before}, select=["PartitionKey", "RowKey"]
        )

    def _find(self, key: str) -> "TableEntity | None":
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._table.get_entity(key, _TABLE)
        except ResourceNotFoundError:  # the row, or the table with it
            return None


def _times(row: Any) -> list[datetime]:
    return [datetime.fromisoformat(time) for time in json.loads(row["failed"])]
