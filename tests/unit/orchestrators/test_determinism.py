"""No orchestrator reads a clock, randomness, the environment, files or the network: its replay would differ from its run."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "orchestrators"

FORBIDDEN_MODULES = {
    "adapters", "asyncio", "http", "io", "logging", "os", "pathlib", "random", "requests", "secrets", "services", "settings",
    "socket", "subprocess", "threading", "time", "urllib", "uuid",
}  # fmt: skip
FORBIDDEN_CALLS = {
    "open",
    "print",
    "input",
    "id",
    "hash",
    "set",
    "now",
    "utcnow",
    "today",
    "getenv",
    "uuid4",
    "sleep_until",
}


# What it logs is no part of the history: each logs outside replays only.
ALLOWED = {"kernel/attempt_log.py": ["imports logging"], "kernel/event_log.py": ["imports logging"]}


def offences(source: str) -> list[str]:
    """Return what the source does that an orchestrator must not."""
    found = []
    for node in ast.walk(ast.parse(source)):
        found += [f"imports {name}" for name in _imported(node) if name.split(".")[0] in FORBIDDEN_MODULES]
        if isinstance(node, ast.Call) and _called(node) in FORBIDDEN_CALLS:
            found.append(f"calls {_called(node)}")
    return found


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_orchestrators_are_deterministic(path):
    assert offences(path.read_text(encoding="utf-8")) == ALLOWED.get(str(path.relative_to(ROOT)), [])


@pytest.mark.parametrize(
    "line",
    [
        "import time",
        "from datetime import datetime; datetime.now()",
        "import os; os.environ['X']",
        "import uuid",
        "open('file')",
        "for item in set(items): pass",
        "from services.container import carrier",
    ],
)
def test_the_check_sees_what_it_must_refuse(line):
    assert offences(line)
