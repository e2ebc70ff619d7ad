"""Paths of blobs, with placeholders."""

from __future__ import annotations

import re

import pytest

from local_host.bindings.path_pattern import fill_path, parse_pattern


@pytest.mark.parametrize(
    ("path", "blob", "values"),
    [
        ("in/{name}", "a/b.txt", {"name": "a/b.txt"}),
        ("in/{name}.txt", "a.txt", {"name": "a"}),
        ("in/{name}.txt", "a.csv", None),
        ("in/x-{name}.{ext}", "x-a.b", {"name": "a", "ext": "b"}),
        ("in", "anything", {"name": "anything"}),
        ("in/fixed.txt", "fixed.txt", {}),
        ("in/a+b", "aab", None),
    ],
)
def test_a_blob_matches_its_pattern_with_these_values(path: str, blob: str, values: object) -> None:
    assert parse_pattern(path).match(blob) == values


def test_a_pattern_knows_what_every_match_begins_with() -> None:
    pattern = parse_pattern("orders/new/{name}.json")
    assert (pattern.container, pattern.prefix) == ("orders", "new/")


@pytest.mark.parametrize("path", ["", "/", "{container}/x"])
def test_a_pattern_without_a_container_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="must begin with the name of a container"):
        parse_pattern(path)


def test_an_outputs_path_is_filled_from_the_trigger() -> None:
    assert fill_path("done/{NAME}.txt", {"name": "a"}) == "done/a.txt"
    assert re.fullmatch(r"done/[0-9a-f-]{36}", fill_path("done/{rand-guid}", {}))
    assert re.fullmatch(r"done/\d{4}-\d\d", fill_path("done/{DateTime:yyyy-MM}", {}))


def test_a_placeholder_that_nothing_fills_is_refused() -> None:
    with pytest.raises(ValueError, match=r"nothing gives a value for '\{other\}'"):
        fill_path("done/{other}", {"name": "a"})
