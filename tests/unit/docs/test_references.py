"""Whatever the Markdown points at exists: a renamed file, heading, module or target fails the page that names it."""

import importlib.util
import re
from fnmatch import fnmatch
from os.path import normpath
from pathlib import PurePosixPath

import pytest

from tests.unit.docs.markdown import ROOT, Page, pages, tracked, words_of_the_code

# Commands of other packages, and modules that a reader writes.
_OTHERS_MODULES = {"venv", "pip", "json", "pytest", "debugpy", "playwright"}

# What a reader of the guide adds.
_EXAMPLES = {"wrap_gift", "unwrap_gift"}


@pytest.fixture(params=pages(), ids=lambda page: page.name)
def page(request) -> Page:
    asked: Page = request.param
    return asked


def test_every_link_leads_somewhere(page):
    assert [link for link in page.links() if not leads_somewhere(page, link)] == []


def test_every_path_exists(page):
    assert [path for path in page.paths() if not exists(page, path)] == []


def test_every_name_is_one_of_the_code(page):
    known = words_of_the_code() | _EXAMPLES
    assert [name for name in page.names() if name not in known] == []


def test_every_module_that_a_command_runs_exists(page):
    own = {module for module in page.modules() if module.partition(".")[0] not in _OTHERS_MODULES}
    assert [module for module in sorted(own) if importlib.util.find_spec(module) is None] == []


def test_every_make_target_exists(page):
    makefile = (ROOT / "Makefile").read_text()
    assert [
        name for name in page.targets() if not re.search(rf"^(?:\w+ )*{name}(?: \w+)*:", makefile, re.MULTILINE)
    ] == []


def leads_somewhere(page: Page, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / page.name).parent / path if path else ROOT / page.name
    if not target.exists():
        return False
    return not anchor or anchor in Page(str(target.resolve().relative_to(ROOT))).anchors()


def exists(page: Page, path: str) -> bool:
    """Whether a tracked file or its folder matches, seen from the root or from the page; capitals stand for any name."""
    pattern = re.sub(r"\b[A-Z][A-Z_]+\b", "*", path).rstrip("/")
    here = normpath(PurePosixPath(page.name).parent / pattern)
    candidates = {name for file in tracked() for name in (file, *map(str, PurePosixPath(file).parents))}
    return any(fnmatch(name, pattern) or fnmatch(name, here) for name in candidates)
