"""What every handler of the management API works with: the call, its body, and the shapes of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from local_host.engine.config import DurableConfig
from local_host.engine.errors import InvalidJson
from local_host.engine.operations import Operations
from local_host.management.bodies import json_body
from local_host.management.query import InvalidParameter, Query

_JSON = "application/json; charset=utf-8"
_CONTINUATION = "x-ms-continuation-token"
_DEFAULT_PAGE_SIZE = 100


class BadRequest(Exception):
    """A request that cannot be understood. body: the JSON value of the answer's body."""

    def __init__(self, body: Any) -> None:
        super().__init__(str(body))
        self.body = body


@dataclass(frozen=True)
class Call:
    """One request. arguments: the variable parts of its path, decoded."""

    operations: Operations
    config: DurableConfig
    request: web.BaseRequest
    query: Query
    arguments: Sequence[str]

    @property
    def origin(self) -> str:
        """Where the caller reached us, perhaps through a proxy; links in answers point there."""
        scheme, host, headers = self.request.scheme, self.request.host, self.request.headers
        if self.config.use_forwarded_host:
            scheme = headers.get("X-Forwarded-Proto", scheme)
            host = headers.get("X-Forwarded-Host", host)
        return f"{scheme}://{host}"

    @property
    def url(self) -> str:
        """Return the address that was asked for."""
        return self.origin + self.request.raw_path

    @property
    def continuation(self) -> str | None:
        """Return where the listing goes on; None for its beginning. Raises InvalidParameter."""
        token = self.request.headers.get(_CONTINUATION) or None
        if token is not None and not _is_text(token):
            raise InvalidParameter(f"The header '{_CONTINUATION}' must be UTF-8 text, as an earlier answer had it.")
        return token

    @property
    def page_size(self) -> int:
        """Return how many items a page has."""
        top = self.query.number("top")
        return int(top) if top else _DEFAULT_PAGE_SIZE

    async def body_text(self) -> str | None:
        """Return the text of the body; None for an empty one. Raises InvalidJson for one that is no UTF-8."""
        body = await self.request.read()
        try:
            return body.decode("utf-8") if body.strip() else None
        except UnicodeDecodeError:
            raise InvalidJson("The body is not UTF-8 text.") from None

    def has_media_type(self, media_type: str) -> bool:
        """Return whether the body is declared as that media type."""
        declared = self.request.headers.get("Content-Type", "")
        return declared.partition(";")[0].strip().casefold() == media_type


def _is_text(value: str) -> bool:
    """Return whether it can be stored: bytes of a header that are no UTF-8 arrive as halves of surrogate pairs."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return an answer with a JSON body."""
    return web.Response(status=status, headers={**(headers or {}), "Content-Type": _JSON}, body=json_body(value))


def page_response(items: Sequence[Any], continuation: str | None) -> web.Response:
    """Return one page of a listing; the header that continues it is empty on the last page."""
    return json_response(items, headers={_CONTINUATION: continuation or ""})
