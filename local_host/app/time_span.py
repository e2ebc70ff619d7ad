"""Time spans as .NET writes them: `[d.]HH:MM:SS[.fraction]`."""

from __future__ import annotations

import re
from datetime import timedelta

_SPAN = re.compile(
    r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>[0-5]?\d)(?::(?P<seconds>[0-5]?\d(?:\.\d{1,7})?))?\Z"
)


def parse_time_span(text: str) -> timedelta:
    """`1.02:03:04.5` is one day, two hours, three minutes, 4.5 seconds. Raises ValueError."""
    match = _SPAN.match(text.strip())
    if match is None or int(match["hours"]) > 23:
        raise ValueError(f"{text!r} is not a time span")
    return timedelta(
        days=int(match["days"] or 0),
        hours=int(match["hours"]),
        minutes=int(match["minutes"]),
        seconds=float(match["seconds"] or 0),
    )
