"""One object of host.json: its values by name, of the kinds that they have to be. Names ignore case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from local_host.app.time_span import parse_time_span
from local_host.engine.start_problems import ConfigurationError

_T = TypeVar("_T")


class Section:
    """An object of host.json. Every method raises ConfigurationError, which names the key and the rule."""

    def __init__(self, values: Mapping[str, Any], path: str) -> None:
        self._values = {name.casefold(): value for name, value in values.items()}
        self._names = values
        self._path = path

    def items(self) -> list[tuple[str, Any]]:
        """Return the keys as they are written, with their values."""
        return list(self._names.items())

    def section(self, name: str) -> Section:
        """Return the object of that name; an empty one where there is none. Raises ConfigurationError, as the methods below."""
        value = self._values.get(name.casefold())
        if value is not None and not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return Section(value or {}, f"{self._path}{name}.")

    def text(self, name: str, default: str) -> str:
        """Return a text."""
        value = self._values.get(name.casefold(), default)
        if not isinstance(value, str):
            raise self._wrong(name, "a text")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; an empty one where there is none."""
        value = self._values.get(name.casefold()) or []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._wrong(name, "a list of texts")
        return tuple(value)

    def number(self, name: str, default: int, *, at_least: int, at_most: int = 2**31 - 1) -> int:
        """Return a whole number within its bounds."""
        value = self._parsed(name, default, int, "a whole number")
        if not at_least <= value <= at_most:
            raise self._wrong(name, f"from {at_least} to {at_most}")
        return value

    def flag(self, name: str) -> bool:
        """Return whether the value is true, as a word too."""
        return str(self._values.get(name.casefold(), False)).casefold() == "true"

    def span(self, name: str, default: timedelta, *, at_least: timedelta = timedelta(0)) -> timedelta:
        """Return a time span."""
        value = self._parsed(name, default, parse_time_span, "a time span such as 00:00:30")
        if value < at_least:
            raise self._wrong(name, f"at least {at_least}")
        return value

    def choice(self, name: str, default: _T, choices: Mapping[str, _T]) -> _T:
        """Return what the word stands for, whatever its case."""
        known = {key.casefold(): value for key, value in choices.items()}
        chosen = self._values.get(name.casefold())
        if chosen is None:
            return default
        if str(chosen).casefold() not in known:
            raise self._wrong(name, f"one of {', '.join(choices)}")
        return known[str(chosen).casefold()]

    def _parsed(self, name: str, default: _T, parse: Callable[[Any], _T], kind: str) -> _T:
        value = self._values.get(name.casefold())
        if value is None:
            return default
        try:
            return parse(value)
        except (TypeError, ValueError):
            raise self._wrong(name, kind) from None

    def _wrong(self, name: str, rule: str) -> ConfigurationError:
        return ConfigurationError(f"'{self._path}{name}' in host.json must be {rule}.")
