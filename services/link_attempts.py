"""Bound how often one address may try links that fail, over all instances of the app.

A link that is good costs nothing here, and counts wherever it comes from: behind a gateway all people have one address, and the
failures of one must not keep the others from deciding.
"""

import asyncio
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from domain.errors import StorageUnavailable

if TYPE_CHECKING:
    from domain.repositories.people import FailedLinks

MAX_FAILED_LINKS: Final = 20
FAILED_LINKS_RETENTION: Final = timedelta(minutes=5)

# Each process remembers which addresses may try no more, so that their links cost no storage; under a flood, the oldest go first.
_MAX_ADDRESSES: Final = 10_000

# In bits: one subscriber has every IPv6 address of such a network.
_SUBSCRIBER_SIZE: Final = 64


class LinkAttempts:
    """Counts the links that failed, by the address that they came from."""

    def __init__(self, failed: "FailedLinks") -> None:
        self._failed = failed
        self._refused_until: dict[str, datetime] = {}

    async def may_fail(self, address: str, now: datetime) -> bool:
        """Return whether one more link from an address may fail, and count it. What cannot be counted may."""
        source = _source(address)
        until = self._refused_until.get(source)
        if until is not None and now < until:
            return False
        try:
            until = await asyncio.to_thread(self._failed.add, source, now, MAX_FAILED_LINKS, FAILED_LINKS_RETENTION)
        except StorageUnavailable:  # then no decision can be stored either
            return True
        self._refused_until.pop(source, None)
        if until is None:
            return True
        self._refused_until[source] = until
        if len(self._refused_until) > _MAX_ADDRESSES:
            self._refused_until.pop(next(iter(self._refused_until)), None)
        return False


def _source(address: str) -> str:
    """Return what counts as one source: an address, or the network of one subscriber."""
    try:
        known = ip_address(address)
        return str(ip_network((known, _SUBSCRIBER_SIZE), strict=False)) if isinstance(known, IPv6Address) else address
    except ValueError:
        return address
