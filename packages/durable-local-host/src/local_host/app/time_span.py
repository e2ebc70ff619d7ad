"""Time spans as .NET reads them (`TimeSpan.Parse`): `[d.]HH:MM[:SS[.fraction]]`, and what it makes of other texts.

A first number above 23 is not refused: `24:00:00` is read as days, hours and minutes, which is 24 days.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_SPAN: Final = re.compile(r"(?P<sign>-?)(?P<numbers>[0-9]+(?:[:.][0-9]+)*)\Z")
# The separators of a text, and how its numbers may be read: the first way in which all of them fit is taken. The order is that of
# dotnet/runtime, System.Private.CoreLib, Globalization/TimeSpanParse.cs: the invariant form, then the one of the invariant culture,
# which has a colon after the days.
_WAYS: Final = {
    "": ("d",),
    ":": ("hm",),
    "::": ("hms", "dhm"),
    ".:": ("dhm",),
    "::.": ("hmsf",),
    ".::": ("dhms",),
    ":::": ("dhms",),
    ".::.": ("dhmsf",),
    ":::.": ("dhmsf",),
}
_MAX: Final = {"d": 10_675_199, "h": 23, "m": 59, "s": 59}
_FRACTION_DIGITS: Final = 7


def parse_time_span(text: str) -> timedelta:
    """Read a duration: `1.02:03:04.5` is one day, two hours, three minutes, 4.5 seconds. Raises ValueError."""
    match = _SPAN.match(text.strip())
    if match is not None:
        numbers = re.split("[:.]", match["numbers"])
        for way in _WAYS.get(re.sub("[0-9]", "", match["numbers"]), ()):
            parts = dict(zip(way, numbers, strict=True))
            if _fits(parts):
                return -_span(parts) if match["sign"] else _span(parts)
    raise ValueError(f"{text!r} is not a time span")


def _fits(parts: dict[str, str]) -> bool:
    return len(parts.get("f", "")) <= _FRACTION_DIGITS and all(
        int(number) <= _MAX[part] for part, number in parts.items() if part != "f"
    )


def _span(parts: dict[str, str]) -> timedelta:
    return timedelta(
        days=int(parts.get("d", 0)),
        hours=int(parts.get("h", 0)),
        minutes=int(parts.get("m", 0)),
        seconds=int(parts.get("s", 0)),
        microseconds=int(parts.get("f", "").ljust(_FRACTION_DIGITS, "0")) // 10,
    )
