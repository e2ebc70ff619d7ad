"""Copy the shop's tables and blobs into another storage account, under a word for the day, and back into an empty one.

Rows are copied one after the other, so a copy is no single moment. It is taken in an order that errs to the safe side: how far
payments are read comes first, so that after a restore they are rather read again; then orders and runs with their reminders; what
is dead-lettered of them comes after them; the stock comes last, so that no unit is there again that an order of the copy has sold.
The copy is whole once its last blob, which counts what was copied, is there. One that was interrupted goes on after its last page.

The task hub is not copied: its queues cannot be. After a restore it begins empty, and every open order is started again from its
row.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from adapters.azure_storage.storage import Storage, create_container, created_on_first_use, storage_errors
from adapters.stores.backup_parts import Progress, Tally, as_they_are, copy_blobs, copy_rows, total
from adapters.stores.backup_scope import CONTAINERS, TABLES
from adapters.stores.restored_orders import as_of_one_moment
from domain.errors import ShopError

_WHOLE: Final = "whole.json"
_PROGRESS: Final = "progress.json"
_NAME: Final = "the backup"
_OF_DAY: Final = re.compile(r"d(\d+)-backup")


class NotEmpty(ShopError):
    """The account holds orders: a restore would mix two histories."""


class NotWhole(ShopError):
    """There is no whole copy of this day."""


class Backup:
    """Every method raises StorageUnavailable when one of the accounts does not answer. day: digits, such as 20260301."""

    def __init__(self, shop: Storage, vault: Storage) -> None:
        self._shop = shop
        self._vault = vault

    def copy(self, day: str, has_time: Callable[[], bool] = lambda: True) -> bool:
        """Copy tables and blobs, from where an earlier call has stopped. Nothing is left to do for a whole copy.

        Args:
            day: The word for the copy.
            has_time: Whether the next page may be begun.

        Returns:
            Whether everything is copied; then `finish` makes the copy whole.
        """
        with storage_errors(_NAME):
            if self._read(day, _WHOLE) is not None:
                return True
            progress = self._progress(day)
            for name in (*TABLES, *CONTAINERS):
                if name in progress.ended:
                    continue
                for copied, mark in self._pages(day, name, progress.mark):
                    progress = progress.after_page(name, copied, mark)
                    self._write(day, _PROGRESS, progress.to_json())
                    if not has_time():
                        return len(progress.ended) == len(TABLES) + len(CONTAINERS)
        return True

    def finish(self, day: str, stock: Mapping[str, int], now: datetime) -> Mapping[str, int]:
        """Make a copy whole, unless it is.

        Args:
            day: The word for the copy.
            stock: Units of each product that no order was sold, read after the copy: they are in the task hub, which is not copied.
            now: The present time.

        Returns:
            How many rows or blobs there are of each table and container.
        """
        with storage_errors(_NAME):
            whole = self._read(day, _WHOLE)
            if whole is None:
                done = self._progress(day).done
                whole = {
                    "counts": {name: tally.items for name, tally in done.items()},
                    "total": asdict(total(done.values())),
                    "stock": dict(stock),
                    "finished_at": now.isoformat(),
                }
                self._write(day, _WHOLE, json.dumps(whole))
        return dict(whole["counts"])

    def is_whole(self, day: str) -> bool:
        """Return whether there is a whole copy of a day."""
        with storage_errors(_NAME):
            return self._read(day, _WHOLE) is not None

    def newest(self) -> tuple[str, datetime] | None:
        """Return the newest whole copy, and when it was finished; None without one."""
        with storage_errors(_NAME):
            for day in sorted(self._days(), reverse=True):
                whole = self._read(day, _WHOLE)
                if whole is not None:
                    return day, datetime.fromisoformat(whole["finished_at"])
        return None

    def restore(self, day: str) -> tuple[Mapping[str, int], Tally]:
        """Copy everything back into an account without orders. A repeat after a fault needs an empty account.

        Returns:
            The stock, and what it took.

        Raises:
            NotEmpty: There are orders in the account.
            NotWhole: There is no whole copy of this day.
        """
        with storage_errors(_NAME):
            whole = self._read(day, _WHOLE)
            if whole is None:
                raise NotWhole(f"there is no whole copy of {day}")
            orders = self._shop.table("orders")
            if next(_rows(orders), None) is not None:
                raise NotEmpty("the account to restore into holds orders")
            taken = Tally(requests=2)
            # Orders last: an account with orders is one whose restore has ended, or was begun over.
            for name in sorted(TABLES, key="orders".__eq__):
                changed = as_of_one_moment if name == "orders" else as_they_are
                pages = copy_rows(self._vault.table(_table(day, name)), self._shop.table(name), None, changed)
                taken += total(copied for copied, _ in pages)
            for name in CONTAINERS:
                blobs = copy_blobs(self._vault.container(_container(day, name)), self._shop.container(name), None)
                taken += total(copied for copied, _ in blobs)
        return dict(whole["stock"]), taken

    def drop(self, day: str) -> None:
        """Delete a copy. Safe to repeat."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            for name in TABLES:
                with suppress(ResourceNotFoundError):
                    self._vault.table(_table(day, name)).delete_table()
            for name in (*CONTAINERS, "backup"):  # by the last one a copy is found
                with suppress(ResourceNotFoundError):
                    self._vault.container(_container(day, name)).delete_container()

    def drop_before(self, day: str) -> None:
        """Delete the copies of all earlier days, whole or not, but never the newest whole one. Safe to repeat."""
        newest = self.newest()
        with storage_errors(_NAME):
            earlier = [each for each in self._days() if each < day and (newest is None or each != newest[0])]
        for each in earlier:
            self.drop(each)

    def _pages(self, day: str, name: str, mark: Any) -> Iterator[tuple[Tally, Any]]:
        if name in TABLES:
            return copy_rows(self._shop.table(name), self._vault.table(_table(day, name)), mark)
        return copy_blobs(self._shop.container(name), self._vault.container(_container(day, name)), mark)

    def _progress(self, day: str) -> Progress:
        read = self._read(day, _PROGRESS)
        return Progress() if read is None else Progress.from_json(json.dumps(read))

    def _days(self) -> list[str]:
        found = (_OF_DAY.fullmatch(name) for name in self._vault.container_names("d"))
        return [match[1] for match in found if match]

    def _read(self, day: str, name: str) -> Any:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return json.loads(self._vault.container(_container(day, "backup")).download_blob(name).readall())
        except ResourceNotFoundError:
            return None

    def _write(self, day: str, name: str, text: str) -> None:
        container = self._vault.container(_container(day, "backup"))
        created_on_first_use(
            lambda: container.upload_blob(name, text, overwrite=True), lambda: create_container(container)
        )


def _table(day: str, name: str) -> str:
    # The name of a table begins with a letter.
    return f"d{day}{name}"


def _container(day: str, name: str) -> str:
    return f"d{day}-{name}"


def _rows(table: Any) -> Iterator[Any]:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        yield from table.list_entities(results_per_page=1)
    except ResourceNotFoundError:  # it is created on first use
        return
