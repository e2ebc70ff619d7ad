"""The API key of a request: both providers take it as a Bearer token or as the user name of Basic authentication."""

import base64
import binascii
from collections.abc import Mapping


def api_key(headers: Mapping[str, str]) -> str:
    """Return the key, or "" when there is none that can be read."""
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip()
        case "basic":
            return _user_name(credentials)
        case _:
            return ""


def _user_name(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
