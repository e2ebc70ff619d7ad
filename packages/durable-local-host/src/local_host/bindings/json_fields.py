"""PURE: the fields of JSON values as placeholders name them, by dots, as in `{data.customer.name}`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def parsed(text: str | bytes) -> Any:
    """Return the decoded value, or None for what is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def fields_of(value: Any) -> dict[str, str]:
    """Return the fields of an object by their paths; none for another value."""
    if not isinstance(value, dict):
        return {}
    return {path: text for name, each in value.items() for path, text in flat(name, each)}


def flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts and numbers below a value, each with its path."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from flat(f"{path}.{name}", each)
    elif isinstance(value, str | int | float):
        yield path, str(value)
