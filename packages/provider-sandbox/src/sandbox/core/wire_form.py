"""Form encoding with nested keys, as Stripe's API reads it: `metadata[order_id]=7&expand[0]=latest_charge`."""

import re
from typing import Any
from urllib.parse import parse_qsl

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_MAX_DEPTH = 8


class MalformedForm(ValueError):
    """The body is not form encoding with balanced brackets."""


def decode(text: str) -> dict[str, Any]:
    """Read a form: `a=1&b[c]=2&d[0]=x` → `{"a": "1", "b": {"c": "2"}, "d": ["x"]}`; values stay strings.

    A level whose keys are all numbers (or empty: `d[]=x`) becomes a list in the order of its numbers.
    Raises MalformedForm for unbalanced brackets, a key used both as value and as object, or too deep nesting.
    """
    root: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        _insert(root, _path(key), value)
    return {name: _lists(value) for name, value in root.items()}


def _path(key: str) -> list[str]:
    match = _KEY.match(key)
    if match is None:
        raise MalformedForm("a parameter name has unbalanced brackets")
    steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(steps) > _MAX_DEPTH:
        raise MalformedForm(f"parameters nest deeper than {_MAX_DEPTH} levels")
    return steps


def _insert(root: dict[str, Any], path: list[str], value: str) -> None:
    level = root
    for step in path[:-1]:
        level = level.setdefault(step or str(len(level)), {})
        if not isinstance(level, dict):
            raise MalformedForm(f"{path[0]} is used both as a value and as an object")
    last = path[-1] or str(len(level))
    if isinstance(level.get(last), dict):
        raise MalformedForm(f"{path[0]} is used both as a value and as an object")
    level[last] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    children = {key: _lists(child) for key, child in value.items()}
    if children and all(key.isdigit() for key in children):
        return [children[key] for key in sorted(children, key=int)]
    return children
