"""The blobs that runs leave: reports, and the lists, results and summaries of batches, each under the run's key."""

from typing import Final

from adapters.azure_storage.storage import Storage, create_container, created_on_first_use, storage_errors
from adapters.stores.customer_exports import EXPORTS
from domain.files.batch import FILE_BATCH
from domain.orders.batch import ORDER_BATCH
from domain.personal.run import CUSTOMER_DATA
from domain.reports.report import REPORT

CONTAINERS: Final = {
    REPORT: "reports",
    ORDER_BATCH: "order-batches",
    FILE_BATCH: "file-batches",
    CUSTOMER_DATA: EXPORTS,
}
"""The container of each workflow that leaves blobs."""


class RunFiles:
    """Every method raises StorageUnavailable when blobs do not answer."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def delete(self, workflow: str, key: str) -> None:
        """Delete the blobs of a run. Safe to repeat."""
        if workflow not in CONTAINERS:
            return
        container = self._storage.container(CONTAINERS[workflow])
        with storage_errors("the files of runs"):
            names = created_on_first_use(
                lambda: list(container.list_blob_names(name_starts_with=f"{key}/")), lambda: create_container(container)
            )
            for name in names:
                container.delete_blob(name)
