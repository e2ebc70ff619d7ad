"""Have the keys with which a tenant signs its tokens, without asking it for each token.

PyJWT fetches and reads them. Its own cache would not do: while the tenant does not answer, it asks again with every request, and
has no use for the keys that it knows. Here one fetch is under way at a time, and the next one waits, after each failure for longer.
"""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Final

from domain.identity import IdentityUnavailable

if TYPE_CHECKING:
    from jwt import PyJWK

_FETCH_TIMEOUT_S: Final = 10
_FRESH_TIMEOUT_S: Final = 3_600
"""After it the keys are fetched anew, beside the requests, which go on with those that are known."""

MAX_AGE_TIMEOUT_S: Final = 24 * 3_600
"""After it keys are no longer used: while the tenant does not answer, it may have withdrawn one."""

REFRESH_INTERVAL_S: Final = 30
"""Between two fetches. Keys are rotated, so that an unknown one has them fetched; but any caller can make one up."""

_FIRST_PAUSE_S: Final = 1
_MAX_DOUBLINGS: Final = 6  # to about a minute


class TenantKeys:
    """The keys of one tenant.

    Args:
        address: Where the tenant publishes them.
        clock: Returns seconds.
    """

    def __init__(self, address: str, clock: Callable[[], float] = monotonic) -> None:
        self._address = address
        self._clock = clock
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._next_at = float("-inf")
        self._failures = 0
        self._fetch: asyncio.Task[None] | None = None

    async def key(self, key_id: str) -> "PyJWK | None":
        """Return the key of this id; None for one that the tenant does not have.

        Raises:
            IdentityUnavailable: The tenant does not answer, and has not for a day, or the key is none of those known before.
        """
        now = self._clock()
        is_usable = now - self._fetched_at < MAX_AGE_TIMEOUT_S
        if is_usable and key_id in self._keys:
            if now - self._fetched_at >= _FRESH_TIMEOUT_S:
                self._begin_fetch()
            return self._keys[key_id]
        fetch = self._begin_fetch()
        if fetch is not None:
            await asyncio.shield(fetch)
        if self._failures or self._clock() - self._fetched_at >= MAX_AGE_TIMEOUT_S:
            raise IdentityUnavailable("the keys of the tenant cannot be read")
        return self._keys.get(key_id)

    def _begin_fetch(self) -> "asyncio.Task[None] | None":
        """Return the fetch that is under way, or a new one; None before its time."""
        # One of another event loop is as good as none: it cannot be waited for here.
        if self._fetch is not None and not self._fetch.done() and self._fetch.get_loop() is asyncio.get_running_loop():
            return self._fetch
        if self._clock() < self._next_at:
            return None
        self._next_at = self._clock() + REFRESH_INTERVAL_S
        self._fetch = asyncio.get_running_loop().create_task(self._renew())
        return self._fetch

    async def _renew(self) -> None:
        keys = await asyncio.to_thread(_read, self._address)
        now = self._clock()
        if keys is None:
            self._failures += 1
            self._next_at = now + _FIRST_PAUSE_S * 2 ** min(self._failures - 1, _MAX_DOUBLINGS)
            return
        # A token may be signed with a key that was published since the first fetch.
        self._next_at = now + (REFRESH_INTERVAL_S if self._keys else 0)
        self._keys, self._fetched_at, self._failures = keys, now, 0


def _read(address: str) -> "Mapping[str, PyJWK] | None":
    """Return the keys by their ids; None when they cannot be had."""
    import jwt

    client = jwt.PyJWKClient(address, cache_jwk_set=False, timeout=_FETCH_TIMEOUT_S)
    try:
        return {str(key.key_id): key for key in client.get_signing_keys()}
    except (jwt.PyJWTError, OSError, ValueError):
        return None
