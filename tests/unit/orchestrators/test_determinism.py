"""No orchestrator reads a clock, randomness, the environment, files or the network: its replay would differ from its run.

What it calls in `domain` is held to the same rules, and so is what that calls.
"""

import ast
from pathlib import Path

import pytest

TREE = Path(__file__).parents[3]
ORCHESTRATORS = TREE / "orchestrators"

FORBIDDEN_MODULES = {
    "adapters", "asyncio", "http", "identity_settings", "io", "logging", "mail_settings", "os", "pathlib", "random", "requests",
    "secrets", "services", "settings", "socket", "subprocess", "threading", "time", "tracing_settings", "urllib.request", "uuid",
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
ALLOWED = {
    "orchestrators/kernel/attempt_log.py": ["imports logging"],
    "orchestrators/kernel/event_log.py": ["imports logging"],
    # How many different ones there are, which is the same in every order.
    "domain/orders/order.py": ["calls set"],
}


def reached() -> list[Path]:
    """Return the modules of the orchestrators and those of `domain` that they import, directly or through another of them."""
    waiting, found = set(ORCHESTRATORS.rglob("*.py")), set[Path]()
    while waiting:
        path = waiting.pop()
        found.add(path)
        waiting |= _modules_of_domain(path) - found
    return sorted(found)


def _modules_of_domain(path: Path) -> set[Path]:
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)]
    names = {
        name for node in nodes for name in (node.module or "", *(f"{node.module}.{each.name}" for each in node.names))
    }
    files = {TREE / f"{name.replace('.', '/')}.py" for name in names if name.split(".")[0] == "domain"}
    return {each for each in files if each.is_file()}


def offences(source: str) -> list[str]:
    """Return what the source does that an orchestrator must not."""
    found = []
    for node in ast.walk(ast.parse(source)):
        found += [f"imports {name}" for name in _imported(node) if {name, name.split(".")[0]} & FORBIDDEN_MODULES]
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


@pytest.mark.parametrize("path", reached(), ids=lambda path: path.relative_to(TREE).as_posix())
def test_orchestrators_and_what_they_call_are_deterministic(path):
    assert offences(path.read_text(encoding="utf-8")) == ALLOWED.get(path.relative_to(TREE).as_posix(), [])


def test_what_orchestrators_call_in_domain_is_followed_from_module_to_module():
    followed = {path.relative_to(TREE).as_posix() for path in reached()}
    # The second is imported by the first, and by no orchestrator.
    assert {"domain/orders/order.py", "domain/shipping/customs.py", "domain/wire.py"} <= followed
    assert {path for path in followed if path.split("/")[0] not in ("orchestrators", "domain")} == set()


@pytest.mark.parametrize(
    "line",
    [
        "import time",
        "from datetime import datetime; datetime.now()",
        "import os; os.environ['X']",
        "import uuid",
        "from urllib.request import urlopen",
        "open('file')",
        "for item in set(items): pass",
        "from services.container import carrier",
    ],
)
def test_the_check_sees_what_it_must_refuse(line):
    assert offences(line)
