"""Versions compare as .NET compares them."""

from __future__ import annotations

import pytest

from local_host.engine.config import DurableConfig, VersionMatch
from local_host.engine.versions import accepts, compare_versions


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1.0", "1.0", 0), ("1.9", "1.10", -1), ("1.0", "1.0.0", -1), ("2.0", "1.9.9.9", 1),
        ("", "1.0", -1), ("Beta", "alpha", 1), ("beta", "BETA", 0), ("10", "9", -1),
    ],
)  # fmt: skip
def test_order_of_two_versions(one: str, other: str, expected: int) -> None:
    assert compare_versions(one, other) == expected


@pytest.mark.parametrize(
    ("match", "version", "accepted"),
    [
        (VersionMatch.NONE, "9.0", True),
        (VersionMatch.STRICT, "1.9", False),
        (VersionMatch.STRICT, "2.0", True),
        (VersionMatch.CURRENT_OR_OLDER, "1.9", True),
        (VersionMatch.CURRENT_OR_OLDER, "", True),
        (VersionMatch.CURRENT_OR_OLDER, "2.1", False),
    ],
)
def test_what_a_host_of_version_2_accepts(match: VersionMatch, version: str, accepted: bool) -> None:
    assert accepts(version, DurableConfig(default_version="2.0", version_match=match)) is accepted


def test_a_host_without_a_version_accepts_all() -> None:
    assert accepts("9.9", DurableConfig())
