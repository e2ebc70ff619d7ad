"""Encode page cursors: what a service needs to continue, as one opaque word for a URL."""

import base64
import json
from typing import Any

from domain.page import InvalidCursor


def encode_cursor(token: Any) -> str | None:
    """Encode a token of JSON values. None, when there is no next page, stays None."""
    if token is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(token, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> Any:
    """Return what `encode_cursor` was given.

    Raises:
        InvalidCursor: The word is no cursor, or holds text that no service can have written.
    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        token = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        # JSON can spell half a character, which cannot be sent to a service: encoding it is a ValueError.
        written = json.dumps(token, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise InvalidCursor from None
    if token is None or b"\\u0000" in written:
        raise InvalidCursor
    return token
