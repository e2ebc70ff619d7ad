"""The table of what is left: `deviations.toml`, and the rows of the package's `README.md` that are made from it.

Run as a module, it writes those rows anew.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local_host_tests.real_host.differences import Difference

HERE = Path(__file__).parent
README = HERE.parents[2] / "README.md"
_BEGIN = "<!-- from tests/local_host_tests/real_host/deviations.toml -->\n"
_END = "<!-- end -->\n"


@dataclass(frozen=True)
class Deviation:
    """One row. cases: for each case the paths of its differences, in which `*` stands for any text.

    A row without cases is about something that the recordings do not have.
    """

    where: str
    real: str
    here: str
    why: str
    cases: Mapping[str, Sequence[str]]


def read_table() -> list[Deviation]:
    document = tomllib.loads((HERE / "deviations.toml").read_text(encoding="utf-8"))
    return [Deviation(**{"cases": {}, **row}) for row in document["deviation"]]


def judge(case: str, found: Sequence[Difference], table: Sequence[Deviation]) -> list[str]:
    """Return what is wrong with one case: a difference without a row, a row's path without its difference."""
    patterns = [(row.where, pattern) for row in table for pattern in row.cases.get(case, ())]
    unknown = [f"{case}: {each}" for each in found if not any(_fits(pattern, each.path) for _, pattern in patterns)]
    gone = [
        f"{case}: no difference is left at {pattern}, which the row '{where}' has"
        for where, pattern in patterns
        if not any(_fits(pattern, each.path) for each in found)
    ]
    return unknown + gone


def _fits(pattern: str, path: str) -> bool:
    return _compiled(pattern).fullmatch(path) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # `[*]` is part of a path as it is.
    pieces = [".*".join(map(re.escape, piece.split("*"))) for piece in pattern.split("[*]")]
    return re.compile(re.escape("[*]").join(pieces), re.DOTALL)


def rendered(table: Sequence[Deviation]) -> str:
    """Return the rows as Markdown."""
    head = "| Where | The real host | Here | Why |\n|---|---|---|---|\n"
    return head + "".join(f"| {row.where} | {row.real} | {row.here} | {row.why} |\n" for row in table)


def in_readme() -> str:
    """Return the rows that the README has."""
    return README.read_text(encoding="utf-8").partition(_BEGIN)[2].partition(_END)[0]


def _write_readme() -> None:
    before, begin, rest = README.read_text(encoding="utf-8").partition(_BEGIN)
    README.write_text(before + begin + rendered(read_table()) + _END + rest.partition(_END)[2], encoding="utf-8")


if __name__ == "__main__":
    _write_readme()
