"""Messages of the queue `orders-in` that are no orders, put aside with the reason: where the host puts those that it gave up on."""

from typing import Final

from adapters.storage import Storage, create_queue, created_on_first_use, storage_errors
from domain.order_intake import RefusedMessage

ORDERS_IN: Final = "orders-in"


class RefusedOrders:
    """The poison queue of `orders-in`."""

    def __init__(self, storage: Storage) -> None:
        self._queue = storage.queue(f"{ORDERS_IN}-poison")

    def put(self, refused: RefusedMessage) -> None:
        """Put a message aside. A repeat leaves a second one, which its `message_id` tells. Raises StorageUnavailable."""
        text = refused.model_dump_json()
        with storage_errors("the refused orders"):
            created_on_first_use(
                lambda: self._queue.send_message(text, time_to_live=-1), lambda: create_queue(self._queue)
            )
