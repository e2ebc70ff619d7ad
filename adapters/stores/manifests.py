"""Read the manifests of file batches that were uploaded."""

from adapters.azure_storage.blob_paths import blob_within
from adapters.azure_storage.storage import Storage, storage_errors
from domain.queues import MANIFESTS


class Manifests:
    """The container of manifests. Raises StorageUnavailable when blobs do not answer."""

    def __init__(self, storage: Storage) -> None:
        self._container = storage.container(MANIFESTS)

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """Return the manifest, or its first bytes when it has more; None when it is gone. Raises NameLeavesContainer."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors("the manifests"):
            try:
                return blob_within(self._container, name).download_blob().read(most_bytes)
            except ResourceNotFoundError:
                return None
