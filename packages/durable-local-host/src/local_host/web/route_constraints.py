"""The inline constraints of ASP.NET route templates: `{id:int}`, `{name:length(2,8)}`, `{code:regex(^[A-Z]+$)}`.

A value that fails its constraint makes the route not match; it is not an error. Numbers and dates are read as the
invariant culture reads them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation

Constraint = Callable[[str], bool]

_INTEGER = re.compile(r"\s*[+-]?\d+\s*\Z")
_GUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\Z", re.IGNORECASE)
_DATE_FORMATS = ("%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "%m-%d-%Y", "%Y/%m/%d", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p")


def make_constraint(text: str) -> Constraint:
    """Return the constraint for text such as `int` or `range(1,5)`. Raises ValueError for one that does not exist."""
    name, _, rest = text.partition("(")
    arguments = rest[:-1] if rest.endswith(")") else rest
    name = name.casefold()
    if name == "regex":
        # .NET searches, ignoring case.
        pattern = re.compile(arguments, re.IGNORECASE)
        return lambda value: pattern.search(value) is not None
    if name in _SIMPLE and not rest:
        return _SIMPLE[name]
    if name in _WITH_NUMBERS and rest:
        numbers = [int(number) for number in arguments.split(",")]
        return _WITH_NUMBERS[name](*numbers)
    raise ValueError(f"there is no route constraint '{text}'")


def _integer(low: int, high: int) -> Constraint:
    return lambda value: _INTEGER.match(value) is not None and low <= int(value) <= high


def _any_integer(value: str) -> int | None:
    return int(value) if _integer(-(2**63), 2**63 - 1)(value) else None


def _is_float(value: str) -> bool:
    try:
        float(value.replace(",", ""))
    except ValueError:
        return False
    return "_" not in value


def _is_decimal(value: str) -> bool:
    try:
        number = Decimal(value.replace(",", ""))
    except InvalidOperation:
        return False
    return number.is_finite() and "e" not in value.casefold() and "_" not in value


def _is_datetime(value: str) -> bool:
    return any(_parses(value, each) for each in (None, *_DATE_FORMATS))


def _parses(value: str, date_format: str | None) -> bool:
    try:
        if date_format is None:
            datetime.fromisoformat(value)
        else:
            datetime.strptime(value, date_format)  # noqa: DTZ007 - only whether it parses matters
    except ValueError:
        return False
    return True


def _is_guid(value: str) -> bool:
    inner = value[1:-1] if value[:1] + value[-1:] in {"{}", "()"} else value
    if not _GUID.match(inner) or inner.count("-") not in {0, 4}:
        return False
    return bool(uuid.UUID(inner))


def _length(low: int, high: int | None = None) -> Constraint:
    return lambda value: low <= len(value) <= (low if high is None else high)


def _between(low: int, high: int) -> Constraint:
    return lambda value: (number := _any_integer(value)) is not None and low <= number <= high


_SIMPLE: dict[str, Constraint] = {
    "int": _integer(-(2**31), 2**31 - 1),
    "long": _integer(-(2**63), 2**63 - 1),
    "bool": lambda value: value.strip().casefold() in {"true", "false"},
    "datetime": _is_datetime,
    "decimal": _is_decimal,
    "double": _is_float,
    "float": _is_float,
    "guid": _is_guid,
    "alpha": lambda value: re.fullmatch("[a-z]*", value, re.IGNORECASE) is not None,
    "required": lambda value: value != "",
}
_WITH_NUMBERS: dict[str, Callable[..., Constraint]] = {
    "minlength": lambda low: lambda value: len(value) >= low,
    "maxlength": lambda high: lambda value: len(value) <= high,
    "length": _length,
    "min": lambda low: _between(low, 2**63 - 1),
    "max": lambda high: _between(-(2**63), high),
    "range": _between,
}
