"""Put messages of the queue `orders-in` back for later."""

from datetime import timedelta

from adapters.azure_storage.storage import Storage, create_queue, created_on_first_use, storage_errors
from domain.queues import ORDERS_IN


class QueuedOrders:
    """The queue by which other systems send orders."""

    def __init__(self, storage: Storage) -> None:
        self._queue = storage.queue(ORDERS_IN)

    def put_back(self, message: str, later: timedelta) -> None:
        """Store a message again, to be delivered that much later. A repeat stores a second one. Raises StorageUnavailable."""
        with storage_errors("the order queue"):
            created_on_first_use(
                # Never out of date: the default would lose an order after seven days.
                lambda: self._queue.send_message(
                    message, time_to_live=-1, visibility_timeout=int(later.total_seconds())
                ),
                lambda: create_queue(self._queue),
            )
