"""Constants are named by one scheme: what is bounded or counted, and in which unit. A duration has none: its type says it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.shop import ROOT

FOLDERS = (
    "activities",
    "adapters",
    "console",
    "domain",
    "entities",
    "orchestrators",
    "services",
    "triggers",
    "infra/hooks",
    "scripts",
)
PACKAGES = ("packages/durable-local-host/src", "packages/provider-sandbox/src")
DURATIONS = re.compile(r".*_(TIMEOUT|RETENTION|TOLERANCE|LIFETIME|PAUSE|INTERVAL|MARGIN|AFTER)|_?(MAX|MIN)_\w+")
NUMBERS = re.compile(
    r"_?(MAX|MIN|DEFAULT)_\w+"
    r"|\w*_(S|SECONDS|DAYS|YEARS|CENTS|PERCENT|KB|BYTES|CHARS|DIGITS|COUNT|SIZE|CONCURRENCY)"
    r"|\w*_(ROWS|PAGES|FILES|LINES|RUNS|EXECUTIONS|CODE|STATUS|VERSION)"
    r"|\w+_PER_\w+"
)
OTHERS = {
    "HRESULT": "a code of .NET, by its name there",
    "PR_SET_PDEATHSIG": "a number of Linux, by its name there",
    "_MB": "a unit",
    **dict.fromkeys(("_32_BITS", "_64_BITS", "_C1", "_C2"), "the numbers of a published hash, by their names there"),
}
"""Names that others gave, and why they stay."""


def constants() -> Iterator[tuple[str, str, bool]]:
    """Yield each constant that is a number or a duration: its place, its name, whether it is a duration."""
    for folder in (*FOLDERS, *PACKAGES):
        for path in sorted(Path(ROOT / folder).rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                    kind = _kind(node.value)
                    if isinstance(target, ast.Name) and target.id.isupper() and kind is not None:
                        yield f"{path.relative_to(ROOT)}:{node.lineno} {target.id}", target.id, kind == "duration"


def _is_duration(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_duration(node.left) or _is_duration(node.right)
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "timedelta"


def _is_number(node: ast.expr) -> bool:
    leaves = [
        part for part in ast.walk(node) if not isinstance(part, ast.operator | ast.unaryop | ast.BinOp | ast.UnaryOp)
    ]
    return all(isinstance(part, ast.Constant) and type(part.value) in (int, float) for part in leaves)


def _kind(node: ast.expr) -> str | None:
    if _is_duration(node):
        return "duration"
    return "number" if _is_number(node) else None


def test_the_name_of_a_constant_has_its_bound_or_its_unit() -> None:
    odd = [
        place
        for place, name, is_duration in constants()
        if name not in OTHERS and not (DURATIONS if is_duration else NUMBERS).fullmatch(name)
    ]
    assert odd == []


def test_a_name_that_stays_is_still_used() -> None:
    assert set(OTHERS) <= {name for _, name, _ in constants()}
