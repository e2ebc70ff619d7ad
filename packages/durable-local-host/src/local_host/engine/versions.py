"""PURE: which instances, by their version, this host works on."""

from __future__ import annotations

import re

from local_host.engine.config import DurableConfig, VersionMatch

_DOTNET_VERSION = re.compile(r"\d+(\.\d+){1,3}")


def accepts(version: str, config: DurableConfig) -> bool:
    """Return whether an instance of that version may run here. Without a `defaultVersion` every version may."""
    if config.default_version is None or config.version_match is VersionMatch.NONE:
        return True
    comparison = compare_versions(version, config.default_version)
    if config.version_match is VersionMatch.STRICT:
        return comparison == 0
    return comparison <= 0


def compare_versions(one: str, other: str) -> int:
    """Return a number below, equal to or above 0. "" comes first; `1.10` follows `1.9`; other forms compare as text."""
    if _DOTNET_VERSION.fullmatch(one) and _DOTNET_VERSION.fullmatch(other):
        return _order(_numbers(one), _numbers(other))
    return _order(one.lower(), other.lower())


def _numbers(version: str) -> list[int]:
    numbers = [int(part) for part in version.split(".")]
    return numbers + [-1] * (4 - len(numbers))  # .NET counts a missing part as less than 0


def _order(one: list[int] | str, other: list[int] | str) -> int:
    return (one > other) - (one < other)  # type: ignore[operator]
