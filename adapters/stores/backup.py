"""Copy the shop's tables and blobs into another storage account, under a word for the day, and back into an empty one.

Rows are copied one after the other, so a copy is no single moment. It is taken in an order that errs to the safe side: how far
payments are read comes first, so that after a restore they are rather read again; then orders and runs with their reminders; what
is dead-lettered of them comes last. The copy is whole once its last blob, which counts what was copied, is there.

The task hub is not copied: its queues cannot be. After a restore it begins empty, and every open order is started again from its
row.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import Storage, create_container, create_table, storage_errors
from adapters.stores.archive import ARCHIVE
from adapters.stores.dead_letters import DEAD_LETTERS, OPEN_DEAD_LETTERS
from adapters.stores.run_files import CONTAINERS as RUN_CONTAINERS
from domain.errors import ShopError
from domain.queues import MANIFESTS

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity

TABLES: Final = (
    "paymentreconciliation",
    "orders",
    "workflows",
    "approvals",
    "invoices",
    "expensepayments",
    "parcels",
    "products",
    "users",
    "sentmessages",
    "erasures",
    "audit",
)
CONTAINERS: Final = tuple(
    dict.fromkeys([MANIFESTS, *RUN_CONTAINERS.values(), ARCHIVE, DEAD_LETTERS, OPEN_DEAD_LETTERS])
)
_WHOLE: Final = "whole.json"
_NAME: Final = "the backup"
_TRANSACTION_ROWS: Final = 100


class NotEmpty(ShopError):
    """The account holds orders: a restore would mix two histories."""


class NotWhole(ShopError):
    """There is no whole copy of this day."""


class Backup:
    """Every method raises StorageUnavailable when one of the accounts does not answer. day: digits, such as 20260301."""

    def __init__(self, shop: Storage, vault: Storage) -> None:
        self._shop = shop
        self._vault = vault

    def copy(self, day: str, stock: Mapping[str, int]) -> Mapping[str, int]:
        """Copy everything. A repeat overwrites what an earlier one of the day has copied.

        Args:
            day: The word for the copy.
            stock: Units of each product that no order was sold: they are in the task hub, which is not copied.

        Returns:
            How many rows or blobs there are of each table and container.
        """
        with storage_errors(_NAME):
            counts = {name: _copy_rows(self._shop.table(name), self._vault.table(_table(day, name))) for name in TABLES}
            for name in CONTAINERS:
                counts[name] = _copy_blobs(self._shop, name, self._vault, _container(day, name))
            whole = self._vault.container(_container(day, "backup"))
            create_container(whole)
            whole.upload_blob(_WHOLE, json.dumps({"counts": counts, "stock": dict(stock)}), overwrite=True)
        return counts

    def restore(self, day: str) -> Mapping[str, int]:
        """Copy everything back into an account without orders. Return the stock. A repeat after a fault needs an empty account.

        Raises:
            NotEmpty: There are orders in the account.
            NotWhole: There is no whole copy of this day.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            try:
                whole = json.loads(self._vault.container(_container(day, "backup")).download_blob(_WHOLE).readall())
            except ResourceNotFoundError:
                raise NotWhole(f"there is no whole copy of {day}") from None
            if next(_rows(self._shop.table("orders")), None) is not None:
                raise NotEmpty("the account to restore into holds orders")
            # Orders last: an account with orders is one whose restore has ended, or was begun over.
            for name in sorted(TABLES, key="orders".__eq__):
                _copy_rows(self._vault.table(_table(day, name)), self._shop.table(name))
            for name in CONTAINERS:
                _copy_blobs(self._vault, _container(day, name), self._shop, name)
        return dict(whole["stock"])

    def drop(self, day: str) -> None:
        """Delete a copy. Safe to repeat."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            for name in ("backup", *CONTAINERS):  # what makes it whole goes first
                with suppress(ResourceNotFoundError):
                    self._vault.container(_container(day, name)).delete_container()
            for name in TABLES:
                with suppress(ResourceNotFoundError):
                    self._vault.table(_table(day, name)).delete_table()


def _table(day: str, name: str) -> str:
    # The name of a table begins with a letter.
    return f"d{day}{name}"


def _container(day: str, name: str) -> str:
    return f"d{day}-{name}"


def _rows(table: "TableClient") -> "Iterator[TableEntity]":
    from azure.core.exceptions import ResourceNotFoundError

    try:
        yield from table.list_entities()
    except ResourceNotFoundError:  # it is created on first use
        return


def _copy_rows(source: "TableClient", target: "TableClient") -> int:
    create_table(target)
    count = 0
    for rows in _batches(_rows(source)):
        target.submit_transaction([("upsert", row, {"mode": "replace"}) for row in rows])
        count += len(rows)
    return count


def _batches(rows: "Iterable[TableEntity]") -> "Iterator[list[TableEntity]]":
    """Yield rows of one partition together, as many as a transaction takes."""
    batch: list[Any] = []
    for row in rows:
        if batch and (len(batch) == _TRANSACTION_ROWS or batch[0]["PartitionKey"] != row["PartitionKey"]):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _copy_blobs(source: Storage, name: str, target: Storage, copy: str) -> int:
    from azure.core.exceptions import ResourceNotFoundError

    into, count = target.container(copy), 0
    create_container(into)
    container = source.container(name)
    try:
        for blob_name in container.list_blob_names():
            download = container.get_blob_client(blob_name).download_blob()
            properties = download.properties
            into.upload_blob(
                blob_name,
                download.chunks(),
                length=properties.size,
                overwrite=True,
                metadata=properties.metadata,
                content_settings=properties.content_settings,
            )
            count += 1
    except ResourceNotFoundError:  # the container is created on first use, or the blob was deleted meanwhile
        return count
    return count
