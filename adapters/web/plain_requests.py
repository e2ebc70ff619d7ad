"""Requests as the SDKs send nearly all of theirs: an address with nothing to encode, a body at hand, headers of printable text.

What `requests` would make of such a request is known without its 90 microseconds of parsing, and a test holds the two against each
other. Every other request is not plain, and is left to `requests`.
"""

import json as json_format
import re
from collections.abc import Mapping
from typing import Any, Final

from requests import PreparedRequest
from requests.cookies import RequestsCookieJar
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict

from adapters.web.plain_answers import is_field_name

# Percent signs of reserved characters only: those of others are decoded. Ports only where they are not the scheme's own.
_ESCAPE: Final = r"%(?:2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF]|[0189A-F][0-9A-F])"
_URL: Final = re.compile(
    r"(?P<origin>https?://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::(?!80/|443/)[1-9][0-9]{0,4})?))"
    rf"(?P<target>/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|{_ESCAPE})*(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|{_ESCAPE})+)?)"
)
_FRAMING: Final = frozenset({"expect", "transfer-encoding"})
_DEFAULTS: Final = frozenset({"accept-encoding", "user-agent"})
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "MERGE", "PATCH", "POST", "PUT"})


class StoredHeaders(CaseInsensitiveDict[str]):
    """Headers made of their store: by lower-case name, the name as it is sent and the value."""

    def __init__(self, store: dict[str, tuple[str, str]]) -> None:
        """Use a store, which is not copied."""
        self._store = store


class PlainRequest(PreparedRequest):
    """A request that `requests` need not prepare. origin: scheme, host and port of its address."""

    headers: StoredHeaders

    def __init__(self, method: str, address: re.Match[str], fields: dict[str, tuple[str, str]], body: bytes) -> None:
        """Make a request. fields: its headers, as `StoredHeaders` has them."""
        super().__init__()
        self.method, self.url, self.headers, self.hooks = method, address.string, StoredHeaders(fields), default_hooks()
        self.body, self._content = body or None, body
        self.origin, self._host, self._target = address["origin"], address["host"], address["target"]

    def copy(self) -> PreparedRequest:
        """Return what a redirect begins with, which is not plain."""
        self._cookies = RequestsCookieJar()
        return super().copy()

    def message(self) -> bytes | None:
        """Return what is sent; None when a header is not plain, which `requests` refuses or sends."""
        try:
            names, values = zip(*self.headers._store.values(), strict=True)
            # No character that could end a line or begin another, and no blanks in front.
            is_plain = "".join(values).isprintable() and not any(value[:1] == " " for value in values)
            if not is_plain or not all(map(is_field_name, names)):
                return None
            lines = [f"{self.method} {self._target} HTTP/1.1"]
            if "host" not in self.headers._store:
                lines.append(f"Host: {self._host}")
            lines += [f"{name}: {value}" for name, value in zip(names, values, strict=True)]
            return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + self._content
        except (TypeError, UnicodeEncodeError):  # bytes, numbers, other letters
            return None


def plain_request(
    method: str, url: Any, data: Any, json: Any, headers: Mapping[str, Any], defaults: Mapping[str, str | bytes]
) -> PlainRequest | None:
    """Return a request prepared; None when it is not plain.

    Args:
        method: As `requests` takes it, like the next four.
        url: The whole address.
        data: The body.
        json: What is sent as JSON when there is no body.
        headers: Those of the request; one that is None removes a default.
        defaults: Headers of the session.
    """
    address = _URL.fullmatch(url) if isinstance(url, str) and "/." not in url else None
    verb, body = method.upper(), _body(data, json)
    if address is None or body is None or verb not in _METHODS:
        return None
    fields: dict[str, Any] = {name.lower(): (name, value) for name, value in defaults.items()}
    for name, value in headers.items():
        fields[name.lower()] = (name, value)
    fields = {key: field for key, field in fields.items() if field[1] is not None}
    if json is not None and not data:
        fields.setdefault("content-type", ("Content-Type", "application/json"))
    if body or (verb not in ("GET", "HEAD") and "content-length" not in fields):
        fields["content-length"] = ("Content-Length", str(len(body)))
    if not _is_plain(fields, len(body)):
        return None
    return PlainRequest(verb, address, fields, body)


def _is_plain(fields: dict[str, Any], length: int) -> bool:
    """Return whether these headers say of a body what is so, and nothing has to be added to them."""
    names = fields.keys()
    return (
        names >= _DEFAULTS and names.isdisjoint(_FRAMING) and fields.get("content-length", ("", "0"))[1] == str(length)
    )


def _body(data: Any, json: Any) -> bytes | None:
    """Return the body; None when it is neither text nor bytes nor JSON."""
    if not data:
        if json is None:
            return b""
        try:
            return json_format.dumps(json, allow_nan=False).encode()
        except (TypeError, ValueError):
            return None
    if isinstance(data, bytes):
        return data
    return data.encode() if isinstance(data, str) else None
