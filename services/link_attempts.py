"""Bound how often one address may try links that fail."""

from collections import deque
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from typing import Final

MAX_FAILED_LINKS: Final = 20
FAILED_LINKS_RETENTION: Final = timedelta(minutes=5)

# Addresses are remembered for the window only; under a flood of them, the oldest are forgotten first.
_MAX_ADDRESSES: Final = 10_000

# In bits: one subscriber has every IPv6 address of such a network.
_SUBSCRIBER_SIZE: Final = 64


class LinkAttempts:
    """The failed links of one process, by the address that they came from."""

    def __init__(self) -> None:
        self._failed: dict[str, deque[datetime]] = {}
        self._lock = Lock()

    def may_try(self, address: str, now: datetime) -> bool:
        """Return whether an address may try another link."""
        source = _source(address)
        with self._lock:
            failed = self._failed.get(source)
            while failed and failed[0] <= now - FAILED_LINKS_RETENTION:
                failed.popleft()
            if failed is not None and not failed:
                del self._failed[source]
            return failed is None or len(failed) < MAX_FAILED_LINKS

    def record_failure(self, address: str, now: datetime) -> None:
        """Count a link that failed."""
        source = _source(address)
        with self._lock:
            failed = self._failed.pop(source, None) or deque(maxlen=MAX_FAILED_LINKS)
            failed.append(now)
            self._failed[source] = failed
            if len(self._failed) > _MAX_ADDRESSES:
                del self._failed[next(iter(self._failed))]


def _source(address: str) -> str:
    """Return what counts as one source: an address, or the network of one subscriber."""
    try:
        known = ip_address(address)
        return str(ip_network((known, _SUBSCRIBER_SIZE), strict=False)) if isinstance(known, IPv6Address) else address
    except ValueError:
        return address
