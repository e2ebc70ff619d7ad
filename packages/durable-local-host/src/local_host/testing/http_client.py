"""An HTTP client onto the routes of an app under test."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy


@dataclass(frozen=True)
class Answer:
    """A response that has been read to its end."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode("utf-8")

    def json(self) -> Any:
        """Return the decoded body; raises ValueError when it is not JSON."""
        return json.loads(self.body)


class HttpClient:
    """Sends requests to the host; paths begin with a slash and include the route prefix, such as `/api/orders`."""

    def __init__(self, origin: Callable[[], str]) -> None:
        self._origin = origin
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; redirects are not followed. json: the body, sent as JSON; data: text or bytes as they are, or a form."""
        url = path if path.startswith("http") else self._origin() + path
        async with self._session.request(
            method, url, params=params, json=json, data=data, headers=headers, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **options: Any) -> Answer:
        """Send a GET request."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        """Send a POST request."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Answer:
        """Send a PUT request."""
        return await self.request("PUT", path, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        """Send a DELETE request."""
        return await self.request("DELETE", path, **options)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()
