"""The app and its tests reach the Durable SDK by its public names alone: its modules are other ones in every major version."""

import ast

import pytest

from tests.unit.docs.markdown import ROOT, tracked

SDK = "azure.durable_functions"
GUARDED = ("packages/durable-local-host/src/", "packages/durable-local-host/tests/local_host_tests/real_host/app/")
"""local_host says which SDK it can run; the app of the recordings stays as the real host ran it."""
SOURCES = [ROOT / name for name in tracked() if name.endswith(".py")]


def _imported(source: str) -> set[str]:
    """Every module that a source imports from, and every name that it takes from one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
            found |= {f"{node.module}.{alias.name}" for alias in node.names if alias.name == "models"}
    return found


def _inner(source: str) -> set[str]:
    return {module for module in _imported(source) if module.startswith(f"{SDK}.")}


def test_no_module_imports_from_inside_the_sdk() -> None:
    sources = [path for path in SOURCES if not path.relative_to(ROOT).as_posix().startswith(GUARDED)]
    assert len(sources) > 300, "the project's modules were found"
    wrong = {str(path.relative_to(ROOT)): inner for path in sources if (inner := _inner(path.read_text()))}
    assert wrong == {}


@pytest.mark.parametrize(
    "line",
    [
        "from azure.durable_functions.models.Task import TaskBase",
        "import azure.durable_functions.models.Task",
        "from azure.durable_functions import models",
        "def f():\n    from azure.durable_functions.models import Task",
    ],
)
def test_every_form_of_such_an_import_is_seen(line: str) -> None:
    assert _inner(line)
