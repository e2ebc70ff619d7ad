"""The outbox: a storage queue of messages to people, which a trigger delivers."""

from datetime import timedelta

from adapters.azure_storage.storage import Storage, create_queue, created_on_first_use, storage_errors
from domain.mail.notification import Notification
from domain.queues import NOTIFICATIONS


class Outbox:
    """Holds messages until they are delivered."""

    def __init__(self, storage: Storage) -> None:
        self._queue = storage.queue(NOTIFICATIONS)

    def put(self, notification: Notification, later: timedelta = timedelta(0)) -> None:
        """Store a message, to be delivered that much later. A repeat stores a second one with the same `message_id`.

        Raises StorageUnavailable.
        """
        text = notification.model_dump_json()
        with storage_errors("the outbox"):
            created_on_first_use(
                # Never out of date: the default would lose a message after seven days.
                lambda: self._queue.send_message(text, time_to_live=-1, visibility_timeout=int(later.total_seconds())),
                lambda: create_queue(self._queue),
            )
