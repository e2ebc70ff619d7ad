"""Copy tables and containers page by page, so that a copy that was interrupted goes on where it has stopped."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import create_container, create_table

if TYPE_CHECKING:
    from azure.data.tables import TableClient
    from azure.storage.blob import ContainerClient

Row = Mapping[str, Any]
Change = Callable[[Iterable[Row]], Iterable[Row]]

_TRANSACTION_ROWS: Final = 100
_TRANSACTION_BYTES: Final = 2 * 1024 * 1024
"""Azure takes 4 MB, with what the transaction's own form adds to the rows."""

_PAGE_ROWS: Final = 1_000
_MAX_PAGE_BLOBS: Final = 100


@dataclass(frozen=True)
class Tally:
    """What was copied. items: rows or blobs. requests: sent to either account, those for lists included."""

    items: int = 0
    bytes: int = 0
    requests: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.items + other.items, self.bytes + other.bytes, self.requests + other.requests)


@dataclass(frozen=True)
class Progress:
    """How far a copy is.

    Attributes:
        done: What was copied of each table and container, the one under way included.
        ended: The names of those that are complete.
        mark: Where the list of the one under way goes on; None at its beginning.
    """

    done: dict[str, Tally] = field(default_factory=dict)
    ended: tuple[str, ...] = ()
    mark: Any = None

    def after_page(self, name: str, copied: Tally, mark: Any) -> "Progress":
        """Return the progress after a page. mark: None after the last one."""
        done = {**self.done, name: self.done.get(name, Tally()) + copied}
        ended = self.ended if mark else (*self.ended, name)
        return Progress(done=done, ended=ended, mark=mark or None)

    def to_json(self) -> str:
        """Return the form to store."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> "Progress":
        """Return what was stored."""
        read = json.loads(text)
        done = {name: Tally(**tally) for name, tally in read["done"].items()}
        return cls(done=done, ended=tuple(read["ended"]), mark=read["mark"])


def as_they_are(rows: Iterable[Row]) -> Iterable[Row]:
    """Return the rows of a page."""
    return rows


def copy_rows(
    source: "TableClient", target: "TableClient", mark: Any, changed: Change = as_they_are
) -> Iterator[tuple[Tally, Any]]:
    """Copy a table. Yield what each page had, and where the next one begins; None after the last.

    changed: From the rows of a page to those that are written. Of two with one key the later one stays.
    """
    from azure.core.exceptions import ResourceNotFoundError

    create_table(target)
    pages = source.list_entities(results_per_page=_PAGE_ROWS).by_page(continuation_token=mark)
    try:
        for page in pages:
            copied = Tally(requests=1)
            for rows, size in _batches(changed(page)):
                target.submit_transaction([("upsert", row, {"mode": "replace"}) for row in rows])
                copied += Tally(len(rows), size, 1)
            yield copied, pages.continuation_token  # type: ignore[attr-defined]
    except ResourceNotFoundError:  # it is created on first use
        yield Tally(requests=1), None


def _batches(rows: Iterable[Row]) -> Iterator[tuple[list[Row], int]]:
    """Yield rows of one partition together, as many as a transaction takes, and their size."""
    batch: dict[str, Row] = {}
    partition, size = None, 0
    for row in rows:
        row_bytes = len(json.dumps(row, default=str))
        is_full = len(batch) == _TRANSACTION_ROWS or size + row_bytes > _TRANSACTION_BYTES
        if batch and (is_full or partition != row["PartitionKey"]):
            yield list(batch.values()), size
            batch, size = {}, 0
        partition = row["PartitionKey"]
        batch[row["RowKey"]] = row
        size += row_bytes
    if batch:
        yield list(batch.values()), size


def copy_blobs(source: "ContainerClient", target: "ContainerClient", mark: Any) -> Iterator[tuple[Tally, Any]]:
    """Copy a container. Yield what each page had, and where the next one begins; None after the last."""
    from azure.core.exceptions import ResourceNotFoundError

    create_container(target)
    pages = source.list_blobs(results_per_page=_MAX_PAGE_BLOBS).by_page(continuation_token=mark)
    try:
        for page in pages:
            copied = Tally(requests=1)
            for blob in page:
                copied += _copy_blob(source, target, str(blob.name))
            yield copied, pages.continuation_token  # type: ignore[attr-defined]
    except ResourceNotFoundError:  # it is created on first use
        yield Tally(requests=1), None


def _copy_blob(source: "ContainerClient", target: "ContainerClient", name: str) -> Tally:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        download = source.get_blob_client(name).download_blob()
    except ResourceNotFoundError:  # deleted since it was listed
        return Tally(requests=1)
    properties = download.properties
    target.upload_blob(
        name,
        download.chunks(),
        length=properties.size,
        overwrite=True,
        metadata=properties.metadata,
        content_settings=properties.content_settings,
    )
    return Tally(1, properties.size, 2)


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the sum."""
    return sum(tallies, replace(Tally()))
