"""The HTTP calls of orchestrators (`context.call_http`), which the host makes for them as a built-in activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp

from local_host.engine.errors import UserCodeFailed

_TIMEOUT = aiohttp.ClientTimeout(total=240)


class HttpCalls:
    """One HTTP session, opened by the first call."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer as `statusCode`, `headers`, `content`; a status such as 404 or 202 is an answer like any other.

        Raises UserCodeFailed when no answer came, and for a call that asks for a managed identity's token.
        """
        if request.get("tokenSource"):
            raise UserCodeFailed(
                "NotSupportedException",
                "A managed identity is not available outside Azure (call_http with a tokenSource).",
            )
        try:
            return await self._send(request)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise UserCodeFailed(type(error).__name__, str(error) or "The HTTP call timed out.") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _send(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        headers = _headers(request)
        async with self._session.request(
            request["method"], request["uri"], data=request.get("content"), headers=headers, allow_redirects=True
        ) as response:
            content = await response.text(errors="replace")
            return {"statusCode": response.status, "headers": _joined(response.headers), "content": content}


def _headers(request: Mapping[str, Any]) -> dict[str, str]:
    headers = {name: str(value) for name, value in (request.get("headers") or {}).items()}
    if request.get("content") is not None and "content-type" not in {name.casefold() for name in headers}:
        headers["Content-Type"] = "text/plain"
    return headers


def _joined(headers: Any) -> dict[str, str]:
    return {name: ",".join(headers.getall(name)) for name in headers}
