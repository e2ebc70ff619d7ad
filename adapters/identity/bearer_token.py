"""Validate bearer tokens of one Entra tenant: signature, issuer, audience and time. PyJWT does the work."""

import asyncio
from collections.abc import Mapping
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from domain.identity import IdentityUnavailable, NotAdmitted
from identity_settings import IdentitySettings

if TYPE_CHECKING:
    from jwt import PyJWK, PyJWKClient

_LEEWAY_S: Final = 60
_KEYS_TIMEOUT_S: Final = 10
_KEYS_LIFESPAN_S: Final = 3_600
# An unknown key id has the keys fetched anew, as keys are rotated; but a caller who makes ids up must not have us fetch each time.
_REFRESH_INTERVAL_S: Final = 30
_MAX_TOKEN_CHARS: Final = 16_000


class BearerTokens:
    """Reads the claims of valid tokens."""

    def __init__(self, settings: IdentitySettings) -> None:
        self._settings = settings
        self._refreshed_at = float("-inf")

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token. Raises NotAdmitted, and IdentityUnavailable where the tenant's keys cannot be had."""
        if len(token) > _MAX_TOKEN_CHARS:
            raise NotAdmitted("The token is too long.")
        return await asyncio.to_thread(self._validated, token)

    def _validated(self, token: str) -> Mapping[str, Any]:
        import jwt

        tenant, authority = self._settings.tenant_id, self._settings.authority
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._key(token).key,
                algorithms=["RS256"],
                audience=self._settings.audiences,
                issuer=[f"{authority}/{tenant}/v2.0", f"https://sts.windows.net/{tenant}/"],
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iat", "aud", "iss"]},
            )
        except jwt.ExpiredSignatureError:
            raise NotAdmitted("The token has expired.") from None
        except jwt.InvalidAudienceError:
            raise NotAdmitted("The token was not made for this app.") from None
        except jwt.PyJWTError:
            raise NotAdmitted("The token is not valid.") from None
        return claims

    def _key(self, token: str) -> "PyJWK":
        """Return the key that a token names. Raises IdentityUnavailable, NotAdmitted, and jwt.PyJWTError for what is no token."""
        import jwt

        key_id = jwt.get_unverified_header(token).get("kid")
        try:
            known = {key.key_id: key for key in self._keys.get_signing_keys()}
            if key_id not in known and monotonic() - self._refreshed_at > _REFRESH_INTERVAL_S:
                self._refreshed_at = monotonic()
                known = {key.key_id: key for key in self._keys.get_signing_keys(refresh=True)}
        except jwt.PyJWKClientConnectionError:
            raise IdentityUnavailable("the keys of the tenant cannot be read") from None
        if key_id not in known:
            raise NotAdmitted("The token is signed with a key that the tenant does not have.")
        return known[key_id]

    @cached_property
    def _keys(self) -> "PyJWKClient":
        import jwt

        address = f"{self._settings.authority}/{self._settings.tenant_id}/discovery/v2.0/keys"
        return jwt.PyJWKClient(address, cache_jwk_set=True, lifespan=_KEYS_LIFESPAN_S, timeout=_KEYS_TIMEOUT_S)
