"""Measure how many messages wait in the shop's queues, and how many the host has given up."""

from collections.abc import Sequence
from typing import Final

from adapters.azure_storage.storage import Storage, storage_errors
from adapters.stores.storage_setup import QUEUES
from domain.queues import FILE_MANIFESTS

# The host makes these two itself, with the first message that it gives up: of a queue, and of a blob trigger.
_MADE_BY_HOST: Final = (f"{FILE_MANIFESTS}-poison", "webjobs-blobtrigger-poison")


class QueueDepths:
    """Asks each queue for its properties, and whether a message is due. It takes none."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def names(self) -> Sequence[str]:
        """Return the names of the queues, each before the one of its poison messages."""
        return (*QUEUES, *_MADE_BY_HOST)

    def depth(self, name: str) -> int:
        """Return about how many messages a queue has, none where there is no such queue. Raises StorageUnavailable."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(f"the queue {name}"):
            try:
                return int(self._storage.queue(name).get_queue_properties().approximate_message_count or 0)
            except ResourceNotFoundError:
                return 0

    def is_any_due(self, name: str) -> bool:
        """Return whether a message can be taken now: those that are put back for later count in the depth, too.

        Raises StorageUnavailable.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(f"the queue {name}"):
            try:
                return bool(self._storage.queue(name).peek_messages(max_messages=1))
            except ResourceNotFoundError:
                return False
