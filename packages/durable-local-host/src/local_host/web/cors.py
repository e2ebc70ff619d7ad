"""Cross-origin requests, when local.settings.json allows origins under `Host.CORS`."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Cors:
    """origins: allowed ones, `*` for all; without any, no CORS header is ever sent."""

    origins: tuple[str, ...] = ()
    credentials: bool = False

    def preflight(self, request: web.BaseRequest) -> web.Response | None:
        """Return the answer to a browser's question before the real request; None when this is no such question."""
        wanted = request.headers.get("Access-Control-Request-Method")
        if request.method != "OPTIONS" or wanted is None or not self.allows(request):
            return None
        headers = {"Access-Control-Allow-Methods": wanted}
        if names := request.headers.get("Access-Control-Request-Headers"):
            headers["Access-Control-Allow-Headers"] = names
        return web.Response(status=204, headers=headers)

    def allow(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Add to the response what lets the browser hand it to the page."""
        if not self.allows(request):
            return
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Vary"] = "Origin"
        if self.credentials:
            response.headers["Access-Control-Allow-Credentials"] = "true"

    def allows(self, request: web.BaseRequest) -> bool:
        """Return whether the request comes from a page of an allowed origin."""
        origin = request.headers.get("Origin")
        return origin is not None and ("*" in self.origins or origin in self.origins)
