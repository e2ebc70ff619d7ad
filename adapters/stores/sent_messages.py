"""Keep which messages to people were sent: one row each, so that one that comes twice from the outbox is sent once.

A row is inserted after its mail was sent: a process that dies in between sends it again, under the same Message-ID.
Beside it stands under which ids an operator had the mail sent once more. Such a row is inserted before the mail is in the outbox.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_values import plain
from domain.ids import digest_id
from domain.mail.notification import Resend

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_SENT: Final = "sentmessages"
_ROW: Final = "sent"
_AGAIN: Final = "again."


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

    def note_resend(self, message_id: str, resend: Resend) -> None:
        """Record that a message is to be sent once more, under another id. A repeat changes nothing."""
        suffix = resend.message_id.rpartition(".")[2]
        entity = {"PartitionKey": digest_id(message_id), "RowKey": f"{_AGAIN}{suffix}", **resend._asdict()}
        with storage_errors("the sent messages"):
            created_on_first_use(lambda: self._table.upsert_entity(entity), lambda: create_table(self._table))

    def resends(self, message_id: str) -> Sequence[Resend]:
        """Return when a message was to be sent once more, and under which ids, oldest first."""
        with storage_errors("the sent messages"):
            rows = created_on_first_use(lambda: self._rows_again(message_id), lambda: create_table(self._table))
        return sorted((_resend(row) for row in rows), key=lambda each: each.asked_at)

    def _rows_again(self, message_id: str) -> "list[TableEntity]":
        asked = {"key": digest_id(message_id), "first": _AGAIN, "last": f"{_AGAIN}~"}
        wanted = "PartitionKey eq @key and RowKey ge @first and RowKey lt @last"
        return list(self._table.query_entities(wanted, parameters=asked))


def _resend(row: "TableEntity") -> Resend:
    asked_at: datetime = plain(row["asked_at"])
    return Resend(str(row["message_id"]), asked_at)
