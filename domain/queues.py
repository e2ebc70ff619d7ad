"""The names of the queues and containers that triggers listen to."""

from typing import Final

ORDERS_IN: Final = "orders-in"
"""The queue of orders from other systems."""

NOTIFICATIONS: Final = "notifications"
"""The queue of the outbox."""

MANIFESTS: Final = "incoming"
"""The container of manifests of file batches."""

FILE_MANIFESTS: Final = "file-manifests"
"""The queue of the storage account's events that announce manifests."""
