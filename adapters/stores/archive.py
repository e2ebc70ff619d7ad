"""The archive: what is purged from the shop's stores, in the container `archive` and there in the cool tier.

Everything of one order or run is one blob of JSON Lines, under a name of its own, and is written whole: archiving it again, after a
process that died before the purge, changes nothing and doubles no line. One customer's part can be rewritten by itself.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from adapters.azure_storage.blob_paths import blob_within
from adapters.azure_storage.storage import Storage, create_container, created_on_first_use, storage_errors
from domain.archive import ArchivedLine

ARCHIVE: Final = "archive"
"""The name of the container."""
_NAME: Final = "the archive"


class Archive:
    """Every method raises StorageUnavailable when blobs do not answer."""

    def __init__(self, storage: Storage) -> None:
        self._container = storage.container(ARCHIVE)

    def write(self, name: str, lines: Sequence[ArchivedLine]) -> None:
        """Store everything that is archived under a name, in place of what was."""
        from azure.storage.blob import StandardBlobTier

        text = "".join(f"{line.model_dump_json()}\n" for line in lines)
        with storage_errors(_NAME):
            created_on_first_use(
                lambda: blob_within(self._container, f"{name}.jsonl").upload_blob(
                    text, overwrite=True, standard_blob_tier=StandardBlobTier.COOL
                ),
                lambda: create_container(self._container),
            )

    def read(self, name: str) -> Sequence[ArchivedLine]:
        """Return what is archived under a name; nothing when there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            try:
                text = blob_within(self._container, f"{name}.jsonl").download_blob().readall().decode()
            except ResourceNotFoundError:  # the blob, or the container with it
                return ()
        return [ArchivedLine.model_validate_json(line) for line in text.splitlines()]

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin so."""
        with storage_errors(_NAME):
            listed = created_on_first_use(
                lambda: list(self._container.list_blob_names(name_starts_with=prefix)),
                lambda: create_container(self._container),
            )
            yield from (name.removesuffix(".jsonl") for name in listed)
