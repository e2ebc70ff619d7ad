"""Encode page cursors: what a service needs to continue, as one opaque word for a URL."""

import base64
import binascii
import json
from typing import Any

from domain.page import InvalidCursor


def encode_cursor(token: Any) -> str | None:
    """Encode a token of JSON values. None, when there is no next page, stays None."""
    if token is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(token, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> Any:
    """Return what `encode_cursor` was given. Raises InvalidCursor."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise InvalidCursor from None
