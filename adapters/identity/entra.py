"""Callers of one Entra tenant: people who have signed in, and applications with a token of their own.

Where App Service authentication is on, the platform has validated the token or session and says who calls in
`X-MS-CLIENT-PRINCIPAL`; it removes that header from what callers send. Where it is off, a caller could write it: then it is not
looked at, and a bearer token is validated here.

Sources: learn.microsoft.com, "Work with user identities in Azure App Service authentication" (the header, its claims), "Environment
variables and app settings in Azure App Service" (WEBSITE_AUTH_ENABLED), "Access token claims reference" and "Optional claims
reference" (idp, acct, idtyp, azp, roles), "ID token claims reference" (aud).
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from adapters.identity.bearer_token import BearerTokens
from adapters.identity.service_key import CUSTOMER_HEADER
from domain.identity import Caller, CallerKind, Evidence, NotAdmitted, Role
from domain.text import shown_line
from identity_settings import IdentitySettings

_BEARER: Final = "bearer "
_MAX_NAME_CHARS: Final = 100
_GUEST_ACCOUNT: Final = "1"

# The platform's names of claims, in the place of a token's own.
_LONG_NAMES: Final[Mapping[str, str]] = {
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/role": "roles",
    "http://schemas.microsoft.com/identity/claims/identityprovider": "idp",
    "http://schemas.microsoft.com/identity/claims/objectidentifier": "oid",
    "http://schemas.microsoft.com/identity/claims/tenantid": "tid",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "upn",
}


class EntraIdentity:
    """Knows callers by the claims of their tenant."""

    def __init__(self, settings: IdentitySettings) -> None:
        self._settings = settings
        self._tokens = BearerTokens(settings)

    async def caller(self, evidence: Evidence) -> Caller | None:
        """Return who calls; None without a principal and a token. Raises NotAdmitted, and IdentityUnavailable."""
        claims = await self._claims(evidence)
        if claims is None:
            return None
        _refuse_others(claims, self._settings)
        is_application = claims.get("idtyp") == "app" or not _sign_in_name(claims)
        name = f"application {_application(claims)}" if is_application else _sign_in_name(claims)
        return Caller(
            name=shown_line(name, _MAX_NAME_CHARS),
            kind=CallerKind.APPLICATION if is_application else CallerKind.PERSON,
            roles=frozenset(_roles(claims)),
            customer=evidence.header(CUSTOMER_HEADER),
        )

    async def _claims(self, evidence: Evidence) -> Mapping[str, Any] | None:
        principal = evidence.header("x-ms-client-principal") if self._settings.platform_authenticates else None
        if principal is not None:
            return _principal_claims(principal)
        authorization = evidence.header("authorization") or ""
        if not authorization.lower().startswith(_BEARER):
            return None
        return await self._tokens.claims(authorization[len(_BEARER) :].strip())


def _principal_claims(principal: str) -> Mapping[str, Any]:
    """Return the claims that the platform has validated. Raises NotAdmitted."""
    try:
        held = json.loads(base64.b64decode(principal, validate=True))
        pairs = [(str(each["typ"]), str(each["val"])) for each in held["claims"]]
        role_name = str(held.get("role_typ") or "roles")
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        raise NotAdmitted("X-MS-CLIENT-PRINCIPAL is not of its form.") from None
    claims: dict[str, Any] = {}
    for name, value in pairs:
        known = "roles" if name == role_name else _LONG_NAMES.get(name, name)
        if known == "roles":
            claims.setdefault("roles", []).append(value)
        else:
            claims[known] = value
    if not _application(claims):  # a session in a browser, whose ID token names the app as its audience alone
        claims["azp"] = claims.get("aud")
    return claims


def _refuse_others(claims: Mapping[str, Any], settings: IdentitySettings) -> None:
    """Refuse other tenants, guests, and applications that may not call. Raises NotAdmitted."""
    if claims.get("tid") != settings.tenant_id:
        raise NotAdmitted("The token is not of the shop's tenant.")
    if _is_guest(claims):
        raise NotAdmitted("Guests of the tenant are not admitted.")
    admitted = {*settings.applications, *settings.audiences}
    if settings.applications and _application(claims) not in admitted:
        raise NotAdmitted("The token was made for an application that may not call.")


def _is_guest(claims: Mapping[str, Any]) -> bool:
    home = claims.get("idp")
    has_other_home = home is not None and home != claims.get("iss") and claims["tid"] not in str(home)
    return str(claims.get("acct", "")) == _GUEST_ACCOUNT or has_other_home or "#EXT#" in _sign_in_name(claims).upper()


def _sign_in_name(claims: Mapping[str, Any]) -> str:
    return str(claims.get("preferred_username") or claims.get("upn") or "").strip()


def _application(claims: Mapping[str, Any]) -> str:
    return str(claims.get("azp") or claims.get("appid") or "")


def _roles(claims: Mapping[str, Any]) -> Iterator[Role]:
    given = claims.get("roles") or ()
    for each in (given,) if isinstance(given, str) else given:
        if each in set(Role):
            yield Role(each)
