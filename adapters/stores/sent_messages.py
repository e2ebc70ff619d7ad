"""Keep which messages to people were sent: one row each, so that one that comes twice from the outbox is sent once.

A row is inserted after its mail was sent: a process that dies in between sends it again, under the same Message-ID.
"""

from typing import Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from domain.ids import digest_id

_SENT: Final = "sentmessages"
_ROW: Final = "sent"


class SentMessages:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_SENT)

    def has(self, message_id: str) -> bool:
        """Return whether the message was sent."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors("the sent messages"):
            try:
                self._table.get_entity(digest_id(message_id), _ROW)
            except ResourceNotFoundError:  # the row, or the table with it
                return False
        return True

    def add(self, message_id: str) -> None:
        """Record that the message was sent. A repeat changes nothing."""
        entity = {"PartitionKey": digest_id(message_id), "RowKey": _ROW, "message_id": message_id}
        with storage_errors("the sent messages"):
            created_on_first_use(lambda: self._table.upsert_entity(entity), lambda: create_table(self._table))
