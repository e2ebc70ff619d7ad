"""local_host is a package of its own: what it imports is what it declares, and it needs nothing of this repository."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from local_host_tests.conformance.support import PACKAGE

# Import name -> distribution, where they differ. The last three come with aiohttp and with azure-functions-durable.
DISTRIBUTIONS = {
    "azure.functions": "azure-functions",
    "azure.durable_functions": "azure-functions-durable",
    "azure.identity": "azure-identity",
    "azure.storage.blob": "azure-storage-blob",
    "azure.storage.queue": "azure-storage-queue",
    "azure.core": "azure-storage-blob",
    "pytest_asyncio": "pytest-asyncio",
    "multidict": "aiohttp",
    "dateutil": "azure-functions-durable",
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def distribution(module: str) -> str | None:
    """The distribution that an import needs; None for the standard library and for this package itself."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "local_host":
        return None
    found = max((name for name in DISTRIBUTIONS if f"{module}.".startswith(f"{name}.")), key=len, default=None)
    return DISTRIBUTIONS[found] if found else top


def declared() -> set[str]:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    return {re.split("[<>=]", each)[0] for each in [*project["dependencies"], *extras]}


def test_it_imports_what_it_declares_and_nothing_else() -> None:
    needed = {distribution(module) for path in (PACKAGE / "src").rglob("*.py") for module in imports(path)} - {None}
    assert needed == declared()
