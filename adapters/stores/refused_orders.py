"""Keep messages of the queue `orders-in` that are no orders, with the reason, in the queue where the host puts poison messages."""

from typing import Final

from adapters.azure_storage.storage import Storage, create_queue, created_on_first_use, storage_errors
from domain.orders.intake import RefusedMessage
from domain.queues import ORDERS_IN

_MAX_MESSAGE_BYTES: Final = 48 * 1024  # in Base64 they are the 64 KiB that a queue takes


class RefusedOrders:
    """The poison queue of `orders-in`."""

    def __init__(self, storage: Storage) -> None:
        self._queue = storage.queue(f"{ORDERS_IN}-poison")

    def put(self, refused: RefusedMessage) -> None:
        """Store a poison message. A repeat stores a second one with the same `message_id`. Raises StorageUnavailable."""
        text = _envelope(refused)
        with storage_errors("the refused orders"):
            created_on_first_use(
                lambda: self._queue.send_message(text, time_to_live=-1), lambda: create_queue(self._queue)
            )


def _envelope(refused: RefusedMessage) -> str:
    """Return it as JSON, whose escapes can make the message too long: then without the message."""
    whole = refused.model_dump_json()
    if len(whole.encode()) <= _MAX_MESSAGE_BYTES:
        return whole
    return refused.model_copy(update={"message": None}).model_dump_json()
