"""Callers on the developer's own machine, who say themselves who they are. Never in Azure: `settings` refuses that.

In this order: the headers `X-Local-Caller` (a name) and `X-Local-Roles` (with commas between them; all without it), the cookie that
the page `/console/local-caller` sets, and, without either, one unnamed caller who has every role.
"""

import logging
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, urlencode

from adapters.identity.service_key import CUSTOMER_HEADER
from domain.identity import EVERY_ROLE, Caller, CallerKind, Evidence, NotAdmitted, Role
from domain.text import shown_line

_COOKIE: Final = "local_caller"
_UNNAMED: Final = "API caller"
_MAX_NAME_CHARS: Final = 100

_log = logging.getLogger(__name__)


class LocalIdentity:
    """Believes what a request says."""

    def __init__(self) -> None:
        self._has_warned = False

    async def caller(self, evidence: Evidence) -> Caller | None:
        """Return who the request says it is. Raises NotAdmitted."""
        self._warn()
        customer = evidence.header(CUSTOMER_HEADER)
        name, roles = evidence.header("x-local-caller"), evidence.header("x-local-roles")
        if name is None and roles is None:
            name, roles = _chosen(evidence.header("cookie") or "")
        granted = EVERY_ROLE if roles is None else _roles(roles)
        if name is None:
            return Caller(name=_UNNAMED, kind=CallerKind.UNNAMED, roles=granted, customer=customer)
        shown = shown_line(name, _MAX_NAME_CHARS)
        if not shown:
            raise NotAdmitted("X-Local-Caller must be a name.")
        return Caller(name=shown, kind=CallerKind.PERSON, roles=granted, customer=customer)

    def _warn(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "IDENTITY is local: every caller is believed and, without X-Local-Caller, has every role. Never expose this app."
            )


def chosen_caller(name: str, roles: frozenset[Role]) -> str:
    """Return the `Set-Cookie` that makes a browser call as this person; as the unnamed caller for an empty name."""
    value = urlencode({"name": name, "roles": ",".join(sorted(roles))})
    age = "" if name else "; Max-Age=0"
    return f"{_COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{age}"


def _chosen(cookies: str) -> tuple[str | None, str | None]:
    try:
        held = SimpleCookie(cookies).get(_COOKIE)
    except CookieError:
        held = None
    fields = parse_qs(held.value, keep_blank_values=True) if held is not None else {}
    return (fields.get("name") or [""])[0] or None, (fields.get("roles") or [None])[0]


def _roles(text: str) -> frozenset[Role]:
    try:
        return frozenset(Role(each.strip()) for each in text.split(",") if each.strip())
    except ValueError:
        raise NotAdmitted(f"X-Local-Roles must be of {', '.join(Role)}, with commas between them.") from None
