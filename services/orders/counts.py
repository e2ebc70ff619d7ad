"""How many orders have each status: counted at most once in a while, however many pages show it."""

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final

from domain.orders.listing import Count
from domain.orders.order import OrderStatus
from services.container import Services, services

_RECOUNT_AFTER_S: Final = 30


class _Counted:
    """The last counts of this process, and of which container and when they were made."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._container: Services | None = None
        self._counted_at = 0.0
        self._counts: Mapping[OrderStatus, Count] = {}

    def read(self, container: Services) -> Mapping[OrderStatus, Count]:
        with self._lock:
            is_old = self._clock() - self._counted_at > _RECOUNT_AFTER_S
            if is_old or self._container is not container:
                self._counts = {status: container.order_repository.count(status) for status in OrderStatus}
                self._container, self._counted_at = container, self._clock()
            return self._counts


_counted: Final = _Counted(time.monotonic)


def counts_by_status() -> Mapping[OrderStatus, Count]:
    """Return the counts, at most half a minute old. It blocks: for a thread.

    Raises:
        StorageUnavailable: The same request may be sent again.
    """
    return _counted.read(services())
