"""Reading EasyPost's JSON parameters: every value is checked by name and rule before it is used."""

from datetime import UTC, datetime
from typing import Any

from sandbox.core.exchange import JsonObject
from sandbox.easypost.errors import invalid, missing


def section(params: JsonObject, name: str) -> JsonObject:
    """Return a required object, e.g. `shipment` of `{"shipment": {...}}`. Raises EasyPostRefusal."""
    value = params.get(name)
    if not value:
        raise missing(name)
    if not isinstance(value, dict):
        raise invalid(name, "must be an object")
    return value


def text(given: JsonObject, name: str) -> str | None:
    """Return a string, or None when it is absent, null or empty, as EasyPost treats all three."""
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise invalid(name, "must be a string")
    return value


def flag(given: JsonObject, name: str) -> bool:
    """Return True for true, `"true"` and, as older clients send it, a non-empty list such as `["delivery"]`."""
    value: Any = given.get(name)
    return value is True or value == "true" or (isinstance(value, list) and bool(value))


def is_asked_for(given: JsonObject, name: str) -> bool:
    """Return whether a parameter is there, whatever its value: false counts too."""
    return given.get(name) is not None


def number(given: JsonObject, name: str, *, required: bool = False) -> float | None:
    """Return a positive number, or None when absent."""
    value = given.get(name)
    if value is None:
        if required:
            raise missing(name)
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise invalid(name, "must be a number greater than 0")
    return float(value)


def count(given: JsonObject, name: str, *, default: int, maximum: int) -> int:
    """Return a whole number from 1 to maximum, given as number or digits (query strings carry only text)."""
    raw = str(given.get(name, default))
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw) <= maximum):
        raise invalid(name, f"must be a whole number from 1 to {maximum}")
    return int(raw)


def time(given: JsonObject, name: str) -> datetime | None:
    """Return a time in ISO 8601, of UTC where it names no zone; None when it is absent or empty."""
    raw = text(given, name)
    if raw is None:
        return None
    try:
        read = datetime.fromisoformat(raw)
    except ValueError:
        raise invalid(name, "must be a time in ISO 8601") from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read
