"""PURE: which level a log category needs, by the rules of host.json (`logging.logLevel`).

As the filter rules of Microsoft.Extensions.Logging, which the real host reads them with: a rule's name is a prefix of the
category in any case, with at most one `*` for any text in between; of those that fit, the longest one holds.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property

NONE = logging.CRITICAL + 1
_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": NONE,
}
_DEFAULT = "default"


class LogLevels:
    """The rules of one host.json."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        """Take the rules: level by category, `default` for all others; a level that does not exist is no rule."""
        self._rules = {
            name.casefold(): _LEVELS[level.casefold()] for name, level in rules.items() if level.casefold() in _LEVELS
        }
        self._found: dict[str, str] = {}

    @cached_property
    def default(self) -> int:
        """Return the level of categories that no rule names."""
        return self._rules.get(_DEFAULT, logging.INFO)

    def of(self, category: str) -> int:
        """Return the lowest level that the category shows."""
        return self._rules[rule] if (rule := self._rule(category)) else self.default

    def names(self, category: str) -> bool:
        """Return whether a rule other than `default` is about the category."""
        return bool(self._rule(category))

    def asks_for_more_of(self, folder: str) -> bool:
        """Return whether a rule shows what is below a warning in a category that begins with that text."""
        begin = folder.casefold()
        prefixes = [
            rule.partition("*")[0]
            for rule, level in self._rules.items()
            if rule != _DEFAULT and level < logging.WARNING
        ]
        return any(prefix.startswith(begin) or begin.startswith(prefix) for prefix in prefixes)

    def _rule(self, category: str) -> str:
        """Return the rule that holds, "" for none."""
        if (found := self._found.get(category)) is None:
            fitting = [rule for rule in self._rules if rule != _DEFAULT and _fits(rule, category.casefold())]
            # Of two that are as long, the later one.
            found = max(reversed(fitting), key=len, default="")
            self._found[category] = found
        return found


def _fits(rule: str, category: str) -> bool:
    prefix, _, suffix = rule.partition("*")
    return category.startswith(prefix) and category.endswith(suffix)
