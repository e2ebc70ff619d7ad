"""Values of an evaluation: what is known, and what only a deployment knows.

The latter is a text in square brackets: the expression that Resource Manager works out, with everything known in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

# Resource Manager's JSON leaves letters as they are and escapes these beside the control characters.
_LINE_ENDS: Final = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class Refused(Exception):
    """The template cannot be deployed with these parameters; the message is the sentence that a deployment would give."""


class Unknown(str):
    """What only a deployment knows."""

    __slots__ = ()

    @classmethod
    def of(cls, expression: str) -> Unknown:
        return cls(f"[{expression}]")

    @property
    def expression(self) -> str:
        return self[1:-1]

    def member(self, name: str) -> Unknown:
        return Unknown.of(f"{self.expression}.{name}")


def has_unknown(value: Any) -> bool:
    """Return whether a value is not known, or anything inside it."""
    if isinstance(value, dict):
        return any(has_unknown(inner) for inner in value.values())
    return any(map(has_unknown, value)) if isinstance(value, list) else isinstance(value, Unknown)


def literal(value: Any) -> str:
    """Return a value as it stands in an expression."""
    match value:
        case Unknown():
            return value.expression
        case str():
            return "'" + value.replace("'", "''") + "'"
        case None:
            return "null()"
        case bool():
            return f"{str(value).lower()}()"
        case list():
            return called("createArray", *value)
        case dict():
            return called("createObject", *(part for pair in value.items() for part in pair))
    return str(value)


def called(name: str, *arguments: Any) -> str:
    """Return a call as it stands in an expression."""
    return f"{name}({', '.join(map(literal, arguments))})"


def as_json(value: Any) -> str:
    """Return a value as `string()` writes it: no blanks, and letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_LINE_ENDS)


def as_text(value: Any) -> str:
    """Return a known value inside a text."""
    if isinstance(value, bool):
        return str(value)
    return "" if value is None else value if isinstance(value, str) else as_json(value)


def interpolated(parts: Sequence[tuple[bool, Any]]) -> str:
    """Return the text of a string with holes. parts: whether it is a hole, and its text or its value."""
    if not any(has_unknown(value) for hole, value in parts if hole):
        return "".join(as_text(value) for _, value in parts)
    holes = [value for hole, value in parts if hole]
    if len(parts) == 1:
        return parts[0][1] if isinstance(parts[0][1], str) else Unknown.of(called("string", *holes))
    numbers = iter(range(len(holes)))
    pattern = "".join(
        f"{{{next(numbers)}}}" if hole else str(value).replace("{", "{{").replace("}", "}}") for hole, value in parts
    )
    return Unknown.of(called("format", pattern, *holes))


def filled_in(pattern: str, *arguments: Any) -> str:
    """Put the arguments in their places `{0}` and so on, as `format()` does."""
    pieces = re.split(r"\{(\d+)\}", pattern)
    return interpolated([(i % 2 == 1, arguments[int(piece)] if i % 2 else piece) for i, piece in enumerate(pieces)])


def same(one: Any, two: Any) -> bool:
    """Compare as `==` of the language does: kinds count, so 1 is not true."""
    return bool(one == two) and isinstance(one, bool) is isinstance(two, bool)
