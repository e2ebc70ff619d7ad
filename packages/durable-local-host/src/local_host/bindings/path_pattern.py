"""Blob paths with placeholders: `incoming/{name}.json` as a trigger's pattern, `done/{name}-{rand-guid}` to read or write."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class PathPattern:
    """A trigger's path. container: its name; prefix: what every matching blob's name begins with."""

    container: str
    prefix: str
    _expression: re.Pattern[str]

    def match(self, blob_name: str) -> dict[str, str] | None:
        """Return the values of the placeholders, None when the blob does not match."""
        match = self._expression.fullmatch(blob_name)
        return match.groupdict() if match else None


def parse_pattern(path: str) -> PathPattern:
    """Read a path; `container` alone matches every blob in it. Raises ValueError for a path without a container."""
    container, _, name = path.strip("/").partition("/")
    if not container or "{" in container:
        raise ValueError(f"the blob path '{path}' must begin with the name of a container")
    pieces = _PLACEHOLDER.split(name or "{name}")
    # Every second piece is a placeholder's name; the last placeholder may hold slashes, as in the real host.
    expression = "".join(_group(piece) if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    return PathPattern(container, pieces[0], re.compile(expression))


def fill_path(path: str, values: Mapping[str, str]) -> str:
    """Return a path or name to use: placeholders by name, `{rand-guid}`, `{DateTime}`. Raises ValueError for an unknown one."""
    known = {name.casefold(): value for name, value in values.items()}

    def fill(match: re.Match[str]) -> str:
        name, _, form = match[1].partition(":")
        if name.casefold() == "rand-guid":
            return uuid.uuid4().hex if form.upper() == "N" else str(uuid.uuid4())
        if name.casefold() == "datetime":
            return _formatted_now(form)
        if name.casefold() not in known:
            raise ValueError(f"nothing gives a value for '{{{match[1]}}}' in the path '{path}'")
        return known[name.casefold()]

    return _PLACEHOLDER.sub(fill, path)


def _group(name: str) -> str:
    return f"(?P<{name}>.+)"


def _formatted_now(form: str) -> str:
    now = datetime.now(UTC)
    if not form:
        return now.strftime("%Y-%m-%dT%H-%M-%SZ")
    for token, value in (
        ("yyyy", "%Y"),
        ("MM", "%m"),
        ("dd", "%d"),
        ("HH", "%H"),
        ("hh", "%I"),
        ("mm", "%M"),
        ("ss", "%S"),
    ):
        form = form.replace(token, value)
    return now.strftime(form)
