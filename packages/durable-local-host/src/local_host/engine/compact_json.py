"""JSON text without blanks, as .NET writes it."""

import json
from typing import Any

_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_write_ascii = json.JSONEncoder(separators=(",", ":")).encode


def to_text(value: Any) -> str:
    """Return the text, with escapes where it could not be stored otherwise: half of a surrogate pair has no UTF-8."""
    text = _write(value)
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _write_ascii(value)
    return text
