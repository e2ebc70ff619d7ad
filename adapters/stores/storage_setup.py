"""The queues and the container that must exist before the first message: those with a trigger, and those that operators read."""

from typing import Final

from adapters.azure_storage.storage import Storage, create_container, create_queue, storage_errors
from adapters.stores.dead_letters import DEAD_LETTERS
from domain.queues import FILE_MANIFESTS, MANIFESTS, NOTIFICATIONS, ORDERS_IN

QUEUES: Final = (
    ORDERS_IN,
    f"{ORDERS_IN}-poison",
    NOTIFICATIONS,
    f"{NOTIFICATIONS}-poison",
    DEAD_LETTERS,
    FILE_MANIFESTS,
)


class StorageSetup:
    """Creates what is missing in the shop's storage account."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def create_missing(self) -> None:
        """Create the queues and the container of manifests. A repeat changes nothing. Raises StorageUnavailable."""
        with storage_errors("the queues and containers"):
            for name in QUEUES:
                create_queue(self._storage.queue(name))
            create_container(self._storage.container(MANIFESTS))
