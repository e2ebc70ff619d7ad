"""Code that runs in a thread of its own logs nothing: the worker would find no invocation there, and the host drops the line."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("activities", "adapters", "console", "domain", "entities", "orchestrators", "services", "triggers")


def test_nothing_that_runs_in_a_thread_of_its_own_logs() -> None:
    functions = _functions()
    reached, ahead = set(), _thread_roots()
    while ahead:
        name = ahead.pop()
        if name not in reached and name in functions:
            reached.add(name)
            ahead |= {called for each in functions[name] for called in _names_called(each)}
    guilty = {name for name in reached for each in functions[name] if any(_logs(call) for call in ast.walk(each))}
    assert {"settle", "take_in", "deliver", "get"} <= reached, "the search finds the threads that there are"
    assert guilty == set()


def _trees() -> Iterator[ast.Module]:
    for folder in FOLDERS:
        for path in (Path(ROOT) / folder).rglob("*.py"):
            yield ast.parse(path.read_text(encoding="utf-8"))


def _functions() -> dict[str, list[ast.AST]]:
    """By name alone, so that the search finds too much rather than too little. Coroutines run in their caller's task."""
    found: dict[str, list[ast.AST]] = defaultdict(list)
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                node.decorator_list.clear()  # decorators run at import
                found[node.name].append(node)
    return found


def _thread_roots() -> set[str]:
    """Return the names of what runs in other threads: the callable that each of these takes, and what a lambda calls."""
    places = {"to_thread": 0, "read_page": 0, "map": 0, "submit": 0, "run_in_executor": 1, "Timer": 1, "Thread": 1}
    calls = [node for tree in _trees() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    given = [
        argument
        for call in calls
        if (place := places.get(_name(call.func))) is not None
        for argument in [*call.args[place : place + 1], *(keyword.value for keyword in call.keywords)]
    ]
    return {name for argument in given for name in [_name(argument), *_names_called(argument)]}


def _names_called(node: ast.AST) -> set[str]:
    return {_name(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _logs(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return node.func.value.id in ("_log", "log", "logger", "logging") and node.func.attr != "getLogger"
    return _name(node.func).startswith("emit")
