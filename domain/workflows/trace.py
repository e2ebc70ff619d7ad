"""The trace that an operation of an entity belongs to, as it travels in the operation's request.

An activity gets its trace from the platform. An entity gets none: a batch holds operations of many orders. The trace has the form
of W3C Trace Context, its digits written as letters: a run of digits could look like a card number, with which no entity takes a
request.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

TRACE: Final = "trace"
"""The key of a request. What does not know it ignores it."""

_DIGITS: Final = "0123456789"
_LETTERS: Final = "ghijklmnop"
_FORM: Final = r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"


def with_trace(request: Mapping[str, Any], traceparent: str | None) -> dict[str, Any]:
    """Return a request that belongs to a trace; unchanged where there is none."""
    if traceparent is None or not re.fullmatch(_FORM, traceparent):
        return dict(request)
    return {**request, TRACE: traceparent.translate(str.maketrans(_DIGITS, _LETTERS))}


def traceparent_of(request: Any) -> str | None:
    """Return the trace that a request belongs to; None where there is none."""
    written = request.get(TRACE) if isinstance(request, Mapping) else None
    if not isinstance(written, str):
        return None
    traceparent = written.translate(str.maketrans(_LETTERS, _DIGITS))
    return traceparent if re.fullmatch(_FORM, traceparent) else None
