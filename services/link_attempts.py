"""Bound how often one address may try links that fail."""

from collections import deque
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

MAX_FAILED_LINKS: Final = 20
FAILED_LINKS_RETENTION: Final = timedelta(minutes=5)

# Addresses are remembered for the window only; under a flood of them, the oldest are forgotten first.
_MAX_ADDRESSES: Final = 10_000


class LinkAttempts:
    """The failed links of one process, by the address that they came from."""

    def __init__(self) -> None:
        self._failed: dict[str, deque[datetime]] = {}
        self._lock = Lock()

    def may_try(self, address: str, now: datetime) -> bool:
        """Return whether an address may try another link."""
        with self._lock:
            failed = self._failed.get(address)
            while failed and failed[0] <= now - FAILED_LINKS_RETENTION:
                failed.popleft()
            if failed is not None and not failed:
                del self._failed[address]
            return failed is None or len(failed) < MAX_FAILED_LINKS

    def record_failure(self, address: str, now: datetime) -> None:
        """Count a link that failed."""
        with self._lock:
            failed = self._failed.pop(address, None) or deque(maxlen=MAX_FAILED_LINKS)
            failed.append(now)
            self._failed[address] = failed
            if len(self._failed) > _MAX_ADDRESSES:
                del self._failed[next(iter(self._failed))]
