"""Validate bearer tokens of one Entra tenant: signature, issuer, audience and time. PyJWT does the work."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from adapters.identity.tenant_keys import TenantKeys
from domain.identity import NotAdmitted
from identity_settings import IdentitySettings

if TYPE_CHECKING:
    from jwt import PyJWK

_LEEWAY_S: Final = 60
_MAX_TOKEN_CHARS: Final = 16_000


class BearerTokens:
    """Reads the claims of valid tokens."""

    def __init__(self, settings: IdentitySettings) -> None:
        self._settings = settings
        self._keys = TenantKeys(f"{settings.authority}/{settings.tenant_id}/discovery/v2.0/keys")

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token. Raises NotAdmitted, and IdentityUnavailable where the tenant's keys cannot be had."""
        if len(token) > _MAX_TOKEN_CHARS:
            raise NotAdmitted("The token is too long.")
        key_id = await asyncio.to_thread(_key_id, token)  # a thread: the first token imports the library
        key = await self._keys.key(key_id)
        if key is None:
            raise NotAdmitted("The token is signed with a key that the tenant does not have.")
        return await asyncio.to_thread(self._validated, token, key)

    def _validated(self, token: str, key: "PyJWK") -> Mapping[str, Any]:
        import jwt

        tenant, authority = self._settings.tenant_id, self._settings.authority
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key.key,
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


def _key_id(token: str) -> str:
    """Return the id of the key that a token says it is signed with. Raises NotAdmitted."""
    import jwt

    try:
        return str(jwt.get_unverified_header(token).get("kid"))
    except jwt.PyJWTError:
        raise NotAdmitted("The token is not valid.") from None
