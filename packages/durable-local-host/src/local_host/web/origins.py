"""Keep pages of other origins from changing anything here.

A browser sends what any page asks it to, also to 127.0.0.1, and a page whose name resolves to 127.0.0.1 counts as one of this
host. So a request that changes something and comes from a browser must come from a page of this host, or of an origin that
local.settings.json allows under `Host.CORS`. Programs send neither header and are not concerned.
"""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from aiohttp import web

from local_host.web.cors import Cors

_READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FORBIDDEN = "A page of another origin may not do this. local.settings.json allows origins under Host.CORS.\n"


class OriginCheck:
    """Distinguishes requests of this host's own pages from those of other pages."""

    def __init__(self, cors: Cors) -> None:
        self._cors = cors

    def refusal(self, request: web.BaseRequest) -> web.Response | None:
        """Return the answer to a request that is not to be carried out, else None."""
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        if request.method in _READING or (origin is None and site is None) or self._cors.allows(request):
            return None
        if self._is_ours(request.host) and _is_same_origin(origin, site, request.host):
            return None
        return web.Response(status=403, text=_FORBIDDEN)

    def _is_ours(self, host: str) -> bool:
        """Return whether the Host header names this machine, or the name that the app's settings give to this host."""
        if host.casefold() == os.environ.get("WEBSITE_HOSTNAME", "").casefold():
            return True
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_same_origin(origin: str | None, site: str | None, host: str) -> bool:
    """Return whether the request comes from a page of this host.

    Sec-Fetch-Site decides where the browser sends it, because a page without a referrer has the Origin `null`.
    """
    if site is not None:
        return site.casefold() in ("same-origin", "none")
    return origin is not None and origin.partition("://")[2].casefold() == host.casefold()


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
